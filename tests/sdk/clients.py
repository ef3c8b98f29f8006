"""Clients as programs have them, with addresses written into the code: `python clients.py NAME`.

Run under `steadfast providers doctor`, each must reach the mocks without an edit; those that can't say so.
"""

import asyncio
import subprocess
import sys
import urllib.request

DEEPSEEK = "https://api.deepseek.com"
MISTRAL = "https://api.mistral.ai"
HELLO = [{"role": "user", "content": "Hello there"}]
BODY = {"model": "deepseek-chat", "messages": HELLO}
HEADERS = {"Authorization": "Bearer sk-any"}


def anthropic_():
    """By ANTHROPIC_BASE_URL."""
    import anthropic

    answer = anthropic.Anthropic().messages.create(model="claude-3-haiku-20240307", max_tokens=64, messages=HELLO)
    return answer.content[0].text


def anthropic_hard():
    import anthropic

    client = anthropic.Anthropic(base_url="https://api.anthropic.com")
    return client.messages.create(model="claude-3-haiku-20240307", max_tokens=64, messages=HELLO).content[0].text


def openai_deepseek():
    import openai

    client = openai.OpenAI(base_url=DEEPSEEK, api_key="sk-any")
    return client.chat.completions.create(model="deepseek-chat", messages=HELLO).choices[0].message.content


def openai_deepseek_stream():
    import openai

    client = openai.OpenAI(base_url=DEEPSEEK, api_key="sk-any")
    chunks = client.chat.completions.create(model="deepseek-chat", messages=HELLO, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def openai_async():
    import openai

    async def ask():
        client = openai.AsyncOpenAI(base_url=DEEPSEEK + "/v1", api_key="sk-any")
        answer = await client.chat.completions.create(model="deepseek-chat", messages=HELLO)
        return answer.choices[0].message.content

    return asyncio.run(ask())


def mistral():
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    answer = Mistral(api_key="sk-any", server_url=MISTRAL).chat.complete(model="mistral-small-latest", messages=HELLO)
    return answer.choices[0].message.content


def gemini(**options):
    """By GOOGLE_GEMINI_BASE_URL."""
    from google import genai

    client = genai.Client(api_key="sk-any", **options)
    return client.models.generate_content(model="gemini-2.5-flash", contents="Hello there").text


def gemini_hard():
    return gemini(http_options={"base_url": "https://generativelanguage.googleapis.com", "api_version": "v1beta"})


def ollama_():
    """By OLLAMA_HOST."""
    import ollama

    return ollama.chat(model="mistral:7b", messages=HELLO).message.content


def requests_():
    import requests

    return requests.post(DEEPSEEK + "/chat/completions", json=BODY, headers=HEADERS, timeout=20).text


def httpx_():
    import httpx

    return httpx.post(DEEPSEEK + "/chat/completions", json=BODY, headers=HEADERS).text


def urllib_():
    import json

    headers = {**HEADERS, "Content-Type": "application/json"}
    request = urllib.request.Request(DEEPSEEK + "/chat/completions", json.dumps(BODY).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def _aiohttp(**options):
    import aiohttp

    async def ask():
        async with aiohttp.ClientSession(**options) as session:
            async with session.post(DEEPSEEK + "/chat/completions", json=BODY, headers=HEADERS) as answer:
                return await answer.text()

    return asyncio.run(ask())


def aiohttp_trusting():
    return _aiohttp(trust_env=True)


def aiohttp_():
    """Goes past the proxy."""
    return _aiohttp()


def curl():
    command = ["curl", "-sS", "--max-time", "20", DEEPSEEK + "/chat/completions", "-H", "Authorization: Bearer sk-any"]
    data = '{"model": "deepseek-chat", "messages": [{"role": "user", "content": "Hello there"}]}'
    command += ["-H", "Content-Type: application/json", "-d", data]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def node():
    program = """
      fetch('https://api.deepseek.com/chat/completions', {method: 'POST',
        headers: {'authorization': 'Bearer sk-any', 'content-type': 'application/json'},
        body: JSON.stringify({model: 'deepseek-chat', messages: [{role: 'user', content: 'Hello there'}]})})
      .then(answer => answer.text()).then(console.log)
      .catch(error => { console.error(String(error.cause || error)); process.exit(1) })
    """
    ended = subprocess.run(["node", "-e", program], capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip())
    return ended.stdout


def stranger():
    """Asks a host that is no provider's."""
    import requests

    return requests.get("https://example.com/", timeout=20).text


def plain_stranger():
    """The same without TLS."""
    with urllib.request.urlopen("http://example.com/x", timeout=20) as answer:
        return answer.read().decode()


def main():
    name = sys.argv[1]
    client = globals().get(name + "_") or globals()[name]
    try:
        text = client()
    except Exception as error:  # Whatever a client raises is what there is to see.
        print(f"FAIL {name}: {type(error).__name__}: {error}"[:400])
        return 1
    print(f"{'ok  ' if '[sf-' in text else 'FAIL'} {name}: {text[:200]!r}")
    return 0 if "[sf-" in text else 1


sys.exit(main())
