"""Asks each served provider by its official client: plainly, as a stream, with a wrong key, and with a model that is not there."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable

import anthropic
import httpx
import mistralai.client
import openai

MESSAGES = [{"role": "user", "content": "Hello"}]
SHORT = 8


def attempt(what: str, call: Callable[[], object]) -> None:
    try:
        call()
        print(f"{what}: answered")
    except (anthropic.APIError, openai.APIError, httpx.HTTPError, urllib.error.HTTPError) as error:
        print(f"{what}: {type(error).__name__}")
    except Exception as error:  # noqa: BLE001 - an SDK's own errors have no common base
        print(f"{what}: {type(error).__module__}.{type(error).__name__}")


def ask_openai(url: str) -> None:
    def client(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)

    def chat(key: str = "key-of-gpt", model: str = "tiny", **more: object) -> object:
        answer = client(key).chat.completions.create(model=model, messages=MESSAGES, max_tokens=SHORT, **more)
        return list(answer) if more.get("stream") else answer

    attempt("openai", chat)
    attempt("openai, as a stream", lambda: chat(stream=True))
    attempt("openai, with a wrong key", lambda: chat(key="sk-wrong-key-12345"))
    attempt("openai, models", lambda: client("key-of-gpt").models.list())
    attempt("openai, without messages", lambda: post(f"{url}/v1/chat/completions", {"model": "tiny", "max_tokens": SHORT}, "key-of-gpt"))


def ask_anthropic(url: str) -> None:
    def chat(key: str = "key-of-claude", model: str = "claude-3-haiku-20240307") -> object:
        client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
        return client.messages.create(model=model, messages=MESSAGES, max_tokens=SHORT)

    def stream() -> object:
        client = anthropic.Anthropic(base_url=url, api_key="key-of-claude", max_retries=0)
        return list(client.messages.create(model="claude-3-haiku-20240307", messages=MESSAGES, max_tokens=SHORT, stream=True))

    attempt("anthropic", chat)
    attempt("anthropic, as a stream", stream)
    attempt("anthropic, with a wrong key", lambda: chat(key="sk-wrong-key-12345"))


def ask_mistral(url: str) -> None:
    def client(key: str = "key-of-mistral") -> mistralai.client.Mistral:
        return mistralai.client.Mistral(server_url=url, api_key=key)

    model = "mistral-small-latest"
    attempt("mistral", lambda: client().chat.complete(model=model, messages=MESSAGES, max_tokens=SHORT))
    attempt("mistral, as a stream", lambda: list(client().chat.stream(model=model, messages=MESSAGES, max_tokens=SHORT)))
    attempt("mistral, with a wrong key", lambda: client("sk-wrong-key-12345").chat.complete(model=model, messages=MESSAGES, max_tokens=SHORT))


def post(url: str, body: object, key: str | None = None) -> bytes:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        return answer.read()


def ask_piper(url: str) -> None:
    attempt("piper, voices", lambda: urllib.request.urlopen(f"{url}/voices", timeout=60).read())  # noqa: S310
    attempt("piper", lambda: post(f"{url}/synthesize", {"text": "Hi."}))
    attempt("piper, with a voice that it lacks", lambda: post(f"{url}/synthesize", {"text": "Hi.", "voice": "fr_FR-siwis-medium"}))
    attempt("piper, without a text", lambda: post(f"{url}/synthesize", {"nothing": True}))
    attempt("piper, with an empty text", lambda: post(f"{url}/synthesize", {"text": ""}))


def main(urls: str) -> None:
    asked = {"gpt": ask_openai, "claude": ask_anthropic, "mistral": ask_mistral, "piper": ask_piper}
    with open(urls, encoding="utf-8") as lines:
        for line in lines:
            name, url = line.split()
            asked[name](url)


if __name__ == "__main__":
    main(sys.argv[1])
