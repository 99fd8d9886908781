"""Entries → entitlements, marks, findings and movements: values in, values out. Pure; knows ``entries``
alone, and neither who keeps them nor who asks.

``story`` entries gathered by object · ``rules`` the publisher's plans and settings · ``subscriptions``
``refunds`` ``disputes`` who may read until when · ``whose`` who that is · ``fold`` all of it at once ·
``marking`` what became of each entry · ``findings`` what needs a person · ``movements`` what money moved.
"""
