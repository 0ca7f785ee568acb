"""The site at an address: nothing but the site, to nobody without the token, and nothing changed."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from poster_analysis.cli import main
from poster_analysis.site.serve import SiteServer, site_path
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import Run

SECRET = b"what nobody may read"


@pytest.fixture
def out(tmp_path):
    """A study with a small site, and a secret beside it."""
    study = tmp_path / "study"
    for name in ("index.html", "study/index.html", "thumbnails/two words.jpg", "data.bin"):
        (study / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (study / "site" / name).write_text(f"this is {name}")
    for secret in (study / "run.json", study / "site" / ".hidden", tmp_path / "secret.txt"):
        secret.write_bytes(SECRET)
    (study / "site-of-another").mkdir()
    (study / "site-of-another" / "page.html").write_bytes(SECRET)
    return study


@pytest.fixture
def served(out):
    server = SiteServer(out).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(server, address, method="GET", **headers):
    """The answer to a request whose address goes out as it stands, and its content."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    skipped = "Host" in headers
    connection.putrequest(method, address, skip_host=skipped)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer, answer.read()


def raw(server, request):
    """What comes back for bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize(
    ("address", "content", "kind"),
    [
        ("", "this is index.html", "text/html; charset=utf-8"),
        ("index.html?a=b", "this is index.html", "text/html; charset=utf-8"),
        ("study/", "this is study/index.html", "text/html; charset=utf-8"),
        ("thumbnails/two%20words.jpg", "this is thumbnails/two words.jpg", "image/jpeg"),
        ("data.bin", "this is data.bin", "application/octet-stream"),
    ],
)
def test_what_the_site_holds_is_given(served, address, content, kind):
    answer, body = ask(served, served.path + address)
    assert (answer.status, body.decode()) == (200, content)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not {"X-Frame-Options", "Access-Control-Allow-Origin"} & set(answer.headers)
    head, nothing = ask(served, served.path + address, "HEAD")
    assert (head.status, nothing) == (200, b"")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


def test_a_folder_leads_to_its_page_by_a_relative_address(served):
    for address, where in ((served.path[:-1], served.path[1:]), (f"{served.path}study", "study/")):
        answer, _ = ask(served, address)
        assert (answer.status, answer.headers["Location"]) == (301, f"./{where}")


def test_no_folder_is_listed(served):
    answer, body = ask(served, f"{served.path}thumbnails/")
    assert answer.status == 404 and b"words" not in body


OUTSIDE = [
    "../run.json",
    "study/../../run.json",
    "%2e%2e/run.json",
    "%2E%2E%2Frun.json",
    "..%2frun.json",
    "study/%2e%2e/%2e%2e/run.json",
    "%252e%252e/run.json",
    "..%5crun.json",
    "..\\run.json",
    "/etc/hosts",
    "%2fetc%2fhosts",
    "//etc/hosts",
    "../site-of-another/page.html",
    ".hidden",
    "%2ehidden",
    ".",
    "./index.html",
    "%c0%ae%c0%ae/run.json",
    "%ff",
    "index.html%00",
    "index.html/",
    "index.html/x",
    "C:/secret.txt",
    "a" * 5000,
    "none.html",
]


@pytest.mark.parametrize("address", OUTSIDE, ids=lambda address: address[:30])
def test_nothing_outside_the_site_is_given(served, address):
    answer, body = ask(served, served.path + address)
    assert answer.status == 404
    assert SECRET not in body and b"localhost" not in body


def test_absolute_paths_as_they_are_written_here(served, out):
    for address in (out / "run.json", out / "site" / "index.html"):
        for start in ("", "/"):
            answer, body = ask(served, f"{served.path}{start}{address}")
            assert answer.status == 404 and SECRET not in body


def test_links_out_of_the_site_lead_nowhere(served, out):
    site = out / "site"
    (site / "file.html").symlink_to(out / "run.json")
    (site / "folder").symlink_to(out)
    (site / "relative").symlink_to("../site-of-another")
    (site / "circle").symlink_to("circle")
    (site / "gone").symlink_to("nowhere")
    (site / "inside.html").symlink_to("index.html")
    for address in (
        "file.html", "folder/run.json", "folder", "folder/", "relative/page.html", "circle", "circle/", "gone",
    ):  # fmt: skip
        answer, body = ask(served, served.path + address)
        assert answer.status == 404 and SECRET not in body, address
    assert ask(served, f"{served.path}inside.html")[0].status == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_not_waited_for(served, out):
    os.mkfifo(out / "site" / "pipe")
    assert ask(served, f"{served.path}pipe")[0].status == 404


def test_a_site_may_itself_be_a_link(out, tmp_path):
    (out / "site").rename(tmp_path / "elsewhere")
    (out / "site").symlink_to(tmp_path / "elsewhere")
    assert site_path(out / "site", "study/") == tmp_path / "elsewhere" / "study"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MOVE"])
def test_nothing_can_be_written(served, out, method):
    before = sorted(out.rglob("*"))
    answer, _ = ask(served, f"{served.path}index.html", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert sorted(out.rglob("*")) == before


def test_without_the_token_there_is_nothing(served):
    token = served.path.strip("/")
    wrong = ["", token[:-1], token + "x", token.swapcase(), "%00", "é", ".", ".."]
    addresses = ["/", "/index.html", "/favicon.ico", *(f"/{word}/index.html" for word in wrong)]
    addresses += [f"/index.html?token={token}", f"//{token}x/", f"http://127.0.0.1/{token}/"]
    for address in addresses:
        reply = raw(served, f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert reply.split()[1] == b"403", address
        assert b"this is" not in reply and token.encode() not in reply
    assert len(token) >= 32 and token != SiteServer_token(served)


def SiteServer_token(served):
    """The token of another server of the same study."""
    with SiteServer(served.site.parent) as other:
        return other.token


@pytest.mark.parametrize(
    "host", ["elsewhere.lan", "127.0.0.1.elsewhere.lan", "", "localhost.", "[::1", "192.168.0.7:80"]
)
def test_another_name_than_its_own_is_refused(served, host):
    answer, body = ask(served, served.path, Host=host)
    assert answer.status == 403 and b"this is" not in body


def test_a_request_without_a_name_or_with_two_is_refused(served):
    for names in ("", "Host: localhost\r\nHost: elsewhere.lan\r\n"):
        reply = raw(served, f"GET {served.path} HTTP/1.1\r\n{names}\r\n".encode())
        assert reply.split()[1] == b"403"


def test_names_of_this_machine_and_of_a_proxy_are_its_own(out):
    with SiteServer(out, behind=["Hub.lan"]).start() as server:
        for host in ("localhost", "127.0.0.1:80", "[::1]:9", "LOCALHOST", "hub.lan"):
            assert ask(server, server.path, Host=host)[0].status == 200, host
        server.shutdown()


def test_behind_a_proxy_with_a_prefix_links_keep_the_token(served):
    page = f"http://hub.lan/user/a/proxy/{served.server_port}{served.path}study"
    from urllib.parse import urljoin

    answer, _ = ask(served, f"{served.path}study")
    assert urljoin(page, answer.headers["Location"]) == f"{page}/"


def test_what_has_not_changed_is_not_sent_again(served, out):
    mark = ask(served, served.path)[0].headers["ETag"]
    answer, body = ask(served, served.path, If_None_Match=mark)
    assert (answer.status, body) == (304, b"")
    (out / "site" / "index.html").write_text("published anew")
    assert ask(served, served.path, If_None_Match=mark)[1] == b"published anew"


def test_a_site_that_is_published_anew_is_served_as_it_is_now(served, out):
    (out / "site").rename(out / "old")
    assert ask(served, served.path)[0].status == 404
    (out / "old").rename(out / "site")
    assert ask(served, served.path)[0].status == 200


@pytest.mark.parametrize(
    "request_",
    [b"\r\n", b"GET\r\n\r\n", b"nonsense\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b""],
)
def test_nonsense_ends_no_server_and_prints_nothing(served, capfd, request_):
    raw(served, request_)
    raw(served, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n")
    assert ask(served, served.path)[0].status == 200
    assert capfd.readouterr() == ("", "")


def test_many_at_once(served, out):
    (out / "site" / "large.bin").write_bytes(bytes(3_000_000))
    sizes = []
    readers = [
        threading.Thread(
            target=lambda: sizes.append(len(ask(served, f"{served.path}large.bin")[1]))
        )
        for _ in range(12)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert sizes == [3_000_000] * 12


def refused(capsys, *words):
    """The one line with which the command is refused."""
    code, said = main(["serve", *map(str, words)]), capsys.readouterr()
    assert (code, said.out, said.err.count("\n")) == (2, "", 1), said.err
    return said.err


def test_no_study_and_no_site_are_one_line(capsys, tmp_path):
    assert "none" in refused(capsys, tmp_path / "none")
    Run(tmp_path / "study").start(Parameters("posters"))
    assert f"publish --out {tmp_path / 'study'}" in refused(capsys, tmp_path / "study")


def test_a_port_that_is_taken_is_one_line(capsys, served, out):
    line = refused(capsys, out, "--port", served.server_port)
    assert str(served.server_port) in line and "--port 0" in line


@pytest.mark.parametrize(
    "words", [("--port", 99999), ("--port", "http"), ("--host", "no.such.host.invalid")]
)
def test_where_it_cannot_listen_is_one_line(capsys, out, words):
    refused(capsys, out, *words)


def test_other_machines_are_warned_of(out):
    from poster_analysis.site.serve import serve

    said = []

    def note(line):
        said.append(line)
        if line.startswith("Ctrl-C"):
            raise KeyboardInterrupt

    serve(out, host="0.0.0.0", say=note)
    assert [line[:14] for line in said] == [
        "http://0.0.0.0",
        "Other machines",
        "Ctrl-C ends it",
        "ended",
    ]


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is another thing there")
def test_ctrl_c_ends_it_without_a_traceback(out):
    command = [
        sys.executable,
        "-c",
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a job in the background ignores it
        "from poster_analysis.cli import main; raise SystemExit(main())",
    ]
    process = subprocess.Popen(
        [*command, "serve", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:") and address.endswith("/")
    process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "ended\n", "")


def test_the_site_of_a_study_works_in_a_frame(study, reader):
    with SiteServer(study).start() as server:
        reader.open(server.address)
        reader.evaluate(f"""(() => {{
            document.body.innerHTML = '<iframe style="width: 1200px; height: 800px"></iframe>';
            document.querySelector("iframe").src = {server.address!r};
        }})()""")
        inner = "document.querySelector('iframe').contentDocument"
        reader.wait(f"{inner}?.readyState === 'complete' && {inner}.querySelector('img')")
        assert reader.evaluate(
            f"[...{inner}.images].every((one) => one.complete && one.naturalWidth > 0)"
        )
        assert reader.evaluate(f"{inner}.styleSheets.length") > 0
        server.shutdown()
