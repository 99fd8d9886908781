"""A WordPress as Debian packages it: its own core and themes, MariaDB, PHP's server; no plugin but the
three lines by which a newsroom says what an article's access is.

Made and run in a folder of its own. Nothing listens beyond loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.bench.processes import free_port, mortal, run, running
from tests.peers import program
from tests.sites.behind import paragraphs

CORE = Path("/usr/share/wordpress")
THEMES = ("twentytwentyone", "twentytwentythree")  # a classic one, and one made of blocks
TIERS = ("free", "metered", "locked")
PARAGRAPHS = 6
ARTICLES = 12
_PACKAGES = (
    "wordpress wordpress-theme-twentytwentyone wordpress-theme-twentytwentythree php-cli php-mysql php-xml"
    " mariadb-server apache2- libapache2-mod-php-"
)
_CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
$here = 'http://' . ($_SERVER['HTTP_HOST'] ?? '127.0.0.1');  // the reader's address, or its own
define('WP_HOME', $here); define('WP_SITEURL', $here);
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""
# What a publisher's developer adds to a theme: the article's access as a meta tag.
_LABEL = """<?php
add_action('wp_head', function () {
    if (is_singular() && ($access = get_post_meta(get_the_ID(), 'access', true))) {
        echo '<meta property="article:content_tier" content="' . esc_attr($access) . '">';
    }
});
"""
# PHP's own server asks this for every path: a file that is there, else WordPress.
_ROUTER = """<?php
$file = __DIR__ . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (is_file($file)) { return false; }
if (is_dir($file) && is_file(rtrim($file, '/') . '/index.php') && $file !== __DIR__ . '/') {
    require rtrim($file, '/') . '/index.php';
    return true;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
require __DIR__ . '/index.php';
"""
_SEED = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url($argv[1], PHP_URL_HOST) . ':' . parse_url($argv[1], PHP_URL_PORT);
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('The Courier', 'editor', 'editor@courier.example', true, '', 'a-long-pass-phrase');
update_option('permalink_structure', '/%postname%/');
update_option('posts_per_page', 5);
update_option('rss_use_excerpt', 0);
switch_theme($argv[2]);
wp_delete_post(1, true);
$made = [];
foreach (json_decode(file_get_contents($argv[3]), true) as $each) {
    $id = wp_insert_post([
        'post_title' => $each['title'], 'post_name' => $each['name'], 'post_status' => 'publish',
        'post_content' => $each['content'], 'post_author' => 1, 'post_date' => $each['date'],
        'tags_input' => $each['tags'], 'post_type' => 'post', 'comment_status' => 'open',
    ], true);
    update_post_meta($id, 'access', $each['tier']);
    wp_insert_comment(['comment_post_ID' => $id, 'comment_author' => 'A reader',
        'comment_content' => 'I read this twice.', 'comment_approved' => 1]);
    $made[] = ['name' => $each['name'], 'tier' => $each['tier'], 'id' => $id];
}
flush_rewrite_rules(false);
echo json_encode($made);
"""


@dataclass(frozen=True)
class Article:
    name: str
    tier: str
    id: int

    @property
    def path(self) -> str:
        return f"/{self.name}/"


@dataclass(frozen=True)
class WordPress:
    url: str
    articles: tuple[Article, ...]


def install() -> None:
    """From Debian's packages, as root; elsewhere it says what is missing."""
    if not CORE.is_dir() and os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-qq"], timeout_seconds=300)
        words = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        run([*words, *_PACKAGES.split()], timeout_seconds=900)
    for name in ("php", "mariadbd", "mariadb-install-db"):
        program(name)


@contextmanager
def wordpress(folder: Path, *, reader_url: str, theme: str) -> Iterator[WordPress]:
    """Installed for the address that readers type; bare, it answers at its own."""
    install()
    with _database(folder / "database") as socket:
        site = folder / "site"
        shutil.copytree(CORE, site)  # links are followed: Debian's themes are some
        (site / "wp-config.php").write_text(_CONFIG.format(socket=socket))
        (site / "router.php").write_text(_ROUTER)
        (site / "seed.php").write_text(_SEED)
        plugins = site / "wp-content" / "mu-plugins"
        plugins.mkdir()
        (plugins / "access.php").write_text(_LABEL)
        (folder / "articles.json").write_text(json.dumps(_written()))
        words = [program("php"), str(site / "seed.php"), reader_url, theme]
        said = run([*words, str(folder / "articles.json")], timeout_seconds=120, folder=site)
        articles = tuple(Article(**each) for each in json.loads(said[said.index("[") :]))
        port = free_port()
        command = [program("php"), "-S", f"127.0.0.1:{port}", "-t", str(site)]
        environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "4"}
        with running(
            "wordpress",
            [*command, str(site / "router.php")],
            port=port,
            folder=folder,
            path="/robots.txt",
            environment=environment,
        ):
            yield WordPress(f"http://127.0.0.1:{port}", articles)


@contextmanager
def _database(folder: Path) -> Iterator[Path]:
    """MariaDB with one empty database, reached through a socket alone."""
    folder.mkdir()
    data, socket = folder / "data", folder / "s"
    user = "--user=root" if os.geteuid() == 0 else "--skip-name-resolve"
    made = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", user]
    run([*made, "--auth-root-authentication-method=normal", "--skip-test-db"], timeout_seconds=120)
    settings = ["--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking"]
    client = [program("mariadb"), "--no-defaults", f"--socket={socket}", "-uroot"]
    command = [*mortal(), program("mariadbd"), *settings, user, f"--pid-file={folder}/pid"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(300):
            assert process.poll() is None, (folder / "log").read_text()
            if socket.exists():
                break
            time.sleep(0.1)
        run([*client, "-e", "CREATE DATABASE wordpress CHARACTER SET utf8mb4"], timeout_seconds=30)
        yield socket
    finally:
        process.terminate()
        process.wait(30)


def _written() -> list[dict[str, Any]]:
    """Articles of blocks, as its editor writes them."""
    articles: list[dict[str, Any]] = []
    for number in range(ARTICLES):
        tier = TIERS[number % len(TIERS)]
        name = f"{tier}-{number:03}"
        blocks = [
            f"<!-- wp:paragraph -->\n<p>{each}</p>\n<!-- /wp:paragraph -->"
            for each in paragraphs(name, PARAGRAPHS)
        ]
        articles.append(
            {
                "title": f"The {name} affair",
                "name": name,
                "tier": tier,
                "date": f"2026-{number % 9 + 1:02}-{number % 27 + 1:02} 08:00:00",
                "tags": [f"topic{number % 3}"],
                "content": "\n\n".join(blocks),
            }
        )
    return articles
