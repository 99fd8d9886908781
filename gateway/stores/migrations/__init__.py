"""The schema's history; run by ``lychgate migrate``."""
