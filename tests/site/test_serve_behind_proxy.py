"""The site behind a proxy that puts a prefix before every address, as JupyterHub does with what runs on a user's server."""

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from poster_analysis.site.serve import SiteServer

PASSED_ON = ("Content-Type", "Content-Length", "Location", "ETag", "Referrer-Policy")


class Proxy(BaseHTTPRequestHandler):
    """Passes /user/x/proxy/PORT/… on to that port of this machine, and knows nothing else."""

    def do_GET(self):
        start, port, path = (
            "/user/x/proxy/",
            *self.path.removeprefix("/user/x/proxy/").split("/", 1),
        )
        if not self.path.startswith(start):
            self.server.lost.append(self.path)
            return self.send_error(404)
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
        connection.request("GET", f"/{path}", headers={"Host": self.headers["Host"]})
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name in PASSED_ON:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def proxied(study):
    """The address of a site as it is seen through the proxy, and the proxy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy, SiteServer(study).start() as server:
        proxy.lost = []
        Thread(target=proxy.serve_forever, daemon=True).start()
        inside = f"/user/x/proxy/{server.server_port}{server.path}"
        yield f"http://127.0.0.1:{proxy.server_port}{inside}", proxy
        server.shutdown()
        proxy.shutdown()


def pages_of(study):
    """Pages of every kind, relative to the site."""
    site = study / "site"
    kinds = (
        "*.html",
        "study/*.html",
        "study/map/*.html",
        "study/films/*.html",
        "study/clusters/*.html",
    )
    found = [sorted(site.glob(kind))[:7] for kind in kinds]
    return [path.relative_to(site).as_posix() for some in found for path in some]


def test_every_page_and_its_pictures_are_found_below_the_prefix(study, proxied, reader):
    address, proxy = proxied
    pages = pages_of(study)
    assert len(pages) > 6
    for page in pages:
        reader.open(address + page)
        reader.evaluate(
            "document.querySelectorAll('img').forEach((one) => { one.loading = 'eager'; }), 0"
        )
        reader.wait("[...document.images].every((one) => one.complete)")
        assert (
            reader.evaluate("[...document.images].filter((one) => !one.naturalWidth).length") == 0
        )
        away = "[...document.querySelectorAll('a[href], link[href], script[src], img[src]')]"
        own = f".map((one) => one.href ?? one.src).filter((one) => /^https?:/.test(one) && !one.startsWith({address!r}))"
        assert reader.evaluate(away + own) == [], page
    assert proxy.lost == []
    assert all(one.startswith((address, "data:", "blob:")) for one in reader.requests)


def test_the_map_is_drawn_and_searched_below_the_prefix(study, proxied, reader):
    address, proxy = proxied
    (page,) = [one for one in pages_of(study) if "map" in one and one.endswith("index.html")]
    reader.open(address + page)
    reader.wait("document.documentElement.classList.contains('live')")
    reader.evaluate("document.getElementById('search').focus()")
    reader.type("the")
    reader.wait("document.querySelectorAll('#found li').length > 0")
    assert proxy.lost == []


def test_an_address_without_its_last_slash_is_completed_below_the_prefix(proxied, reader):
    address, proxy = proxied
    reader.open(address.removesuffix("/"))
    assert reader.evaluate("location.href") == address
    reader.open(f"{address}study")
    assert reader.evaluate("location.href").startswith(f"{address}study/")
    assert proxy.lost == []
