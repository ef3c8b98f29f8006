"""Three of the service's tests. Each has an event loop of its own, as asyncio.run and pytest-asyncio give it."""

import asyncio
import socketserver
import threading

import pytest
import service


class Model(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"about " + line)


@pytest.fixture(scope="session")
def port():
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Model) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_multi_language_routing(port):
    assert asyncio.run(service.answer(port, "fr", "un café")) == "about fr: un café"


def test_fallback_on_an_exceeded_budget(port):
    assert asyncio.run(service.answer(port, "en", "a tea")) == "about en: a tea"


def test_provider_selection_by_language(port):
    assert asyncio.run(service.answer(port, "zh", "你好")) == "about zh: 你好"
