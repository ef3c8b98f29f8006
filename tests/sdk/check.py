"""Real SDKs, unchanged, against the mock providers.

For each provider: a plain chat, a streamed chat, a rate limit that surfaces as the SDK's own exception, and a wrong
key. Prints a line per check; ends with 1 if one of them failed, with 2 if it can't begin.

    python check.py --steadfast target/release/steadfast     (starts `steadfast providers`, and ends it)
    python check.py --claude URL --mistral URL --deepseek URL --openai URL --gemini URL --ollama URL [--key KEY]

Each URL can come from the environment instead: STEADFAST_CLAUDE_URL and so on; the key from STEADFAST_KEY. A provider
without a URL is left out. The providers must answer a message that contains `fail: rate_limited` (Ollama, which has no
rate limit: `fail: overloaded`) with that failure, and any other one with a text; with a key given, no other may do.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import urllib.request
import wave

FAILED = []
RATE_LIMITED = "please fail: rate_limited"
OVERLOADED = "please fail: overloaded"
HELLO = "Hello there"


def check(name, holds, seen):
    """Prints one line, and remembers what failed."""
    print(f"{'ok  ' if holds else 'FAIL'} {name}: {seen}", flush=True)
    if not holds:
        FAILED.append(name)


def attempt(name, action):
    """Runs an action that gives a text."""
    try:
        text = action()
        check(name, isinstance(text, str) and "[sf-" in text, repr(text))
    except Exception as error:  # Whatever an SDK raises is a finding.
        check(name, False, f"{type(error).__module__}.{type(error).__name__}: {error}")


def raises(name, expected, status, action):
    """Runs an action that must raise the SDK's own exception."""
    try:
        check(name, False, f"no exception, but {action()!r}")
    except expected as error:
        seen = getattr(error, "status_code", None) or getattr(error, "code", None)
        check(name, seen == status, f"{type(error).__name__} with status {seen}")
    except Exception as error:
        check(name, False, f"{type(error).__module__}.{type(error).__name__}: {error}")


def claude(url, key):
    """The anthropic package finds the mock by its own environment variable."""
    os.environ["ANTHROPIC_BASE_URL"] = url
    import anthropic

    def say(message, with_key=key):
        client = anthropic.Anthropic(api_key=with_key)
        answer = client.messages.create(
            model="claude-3-haiku-20240307", max_tokens=64, messages=[{"role": "user", "content": message}]
        )
        assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0, answer
        return answer.content[0].text

    def stream():
        client = anthropic.Anthropic(api_key=key)
        with client.messages.stream(
            model="claude-3-haiku-20240307", max_tokens=64, messages=[{"role": "user", "content": HELLO}]
        ) as events:
            text = "".join(events.text_stream)
            final = events.get_final_message()
        assert final.content[0].text == text and final.stop_reason == "end_turn", final
        return text

    attempt("claude chat", lambda: say(HELLO))
    attempt("claude stream", stream)
    raises("claude rate limit", anthropic.RateLimitError, 429, lambda: say(RATE_LIMITED))
    if key != "sk-any":
        raises("claude wrong key", anthropic.AuthenticationError, 401, lambda: say(HELLO, "sk-wrong"))


def recording():
    """A second and a half of silence, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16000)
        made.writeframes(bytes(2 * 24000))
    return file.getvalue()


def mistral(url, key):
    """The mistralai package takes its address by the constructor only."""
    try:
        from mistralai.client import Mistral
        from mistralai.client.errors import SDKError
    except ImportError:
        from mistralai import Mistral
        from mistralai.models import SDKError

    messages = [{"role": "user", "content": HELLO}]

    def say(message, with_key=key):
        client = Mistral(api_key=with_key, server_url=url)
        answer = client.chat.complete(model="mistral-small-latest", messages=[{"role": "user", "content": message}])
        assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0, answer
        return answer.choices[0].message.content

    def stream():
        client = Mistral(api_key=key, server_url=url)
        chunks = list(client.chat.stream(model="mistral-small-latest", messages=messages))
        assert chunks[-1].data.choices[0].finish_reason == "stop" and chunks[-1].data.usage.total_tokens > 0, chunks[-1]
        return "".join(chunk.data.choices[0].delta.content or "" for chunk in chunks)

    def transcribe():
        client = Mistral(api_key=key, server_url=url)
        heard = client.audio.transcriptions.complete(
            model="voxtral-mini-latest", language="en", file={"content": recording(), "file_name": "hello.wav"}
        )
        assert heard.language == "en" and heard.usage.prompt_audio_seconds == 2, heard
        return heard.text

    def transcribe_stream():
        client = Mistral(api_key=key, server_url=url)
        events = client.audio.transcriptions.stream(
            model="voxtral-mini-latest", file={"content": recording(), "file_name": "hello.wav"}
        )
        data = [event.data for event in events]
        assert data[-1].type == "transcription.done", data[-1]
        return "".join(event.text for event in data if event.type == "transcription.text.delta")

    attempt("mistral transcription", transcribe)
    attempt("mistral transcription, streamed", transcribe_stream)
    attempt("mistral chat", lambda: say(HELLO))
    attempt("mistral stream", stream)
    raises("mistral rate limit", SDKError, 429, lambda: say(RATE_LIMITED))
    if key != "sk-any":
        raises("mistral wrong key", SDKError, 401, lambda: say(HELLO, "sk-wrong"))


def completions(name, base_url, model, key):
    """DeepSeek and OpenAI, both through the openai package."""
    import openai

    def say(message, with_key=key):
        client = openai.OpenAI(api_key=with_key, base_url=base_url)
        answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": message}])
        assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0, answer
        return answer.choices[0].message.content

    def stream():
        client = openai.OpenAI(api_key=key, base_url=base_url)
        chunks = list(
            client.chat.completions.create(
                model=model,
                messages=[{"role": "user", "content": HELLO}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        assert chunks[-1].usage.total_tokens > 0, chunks[-1]
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    attempt(f"{name} chat", lambda: say(HELLO))
    attempt(f"{name} stream", stream)
    raises(f"{name} rate limit", openai.RateLimitError, 429, lambda: say(RATE_LIMITED))
    if key != "sk-any":
        raises(f"{name} wrong key", openai.AuthenticationError, 401, lambda: say(HELLO, "sk-wrong"))


def gemini(url, key):
    """The google-genai package finds the mock by its own environment variable."""
    os.environ["GOOGLE_GEMINI_BASE_URL"] = url
    from google import genai
    from google.genai import errors, types

    model = "gemini-2.5-flash"

    def say(message, with_key=key):
        client = genai.Client(api_key=with_key)
        answer = client.models.generate_content(model=model, contents=message)
        assert answer.candidates[0].finish_reason == types.FinishReason.STOP, answer
        assert answer.usage_metadata.total_token_count > 0 and answer.model_version == model, answer
        return answer.text

    def converse():
        client = genai.Client(api_key=key)
        chat = client.chats.create(
            model=model, config=types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=64)
        )
        chat.send_message(HELLO)
        return chat.send_message(HELLO).text

    def stream():
        client = genai.Client(api_key=key)
        chunks = list(client.models.generate_content_stream(model=model, contents=HELLO))
        assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP, chunks[-1]
        assert chunks[-1].usage_metadata.candidates_token_count > 0, chunks[-1]
        return "".join(chunk.text or "" for chunk in chunks)

    def count():
        client = genai.Client(api_key=key)
        counted = client.models.count_tokens(model=model, contents=HELLO).total_tokens
        check("gemini count", counted > 0, f"{counted} tokens")

    attempt("gemini chat", lambda: say(HELLO))
    attempt("gemini conversation", converse)
    attempt("gemini stream", stream)
    raises("gemini rate limit", errors.ClientError, 429, lambda: say(RATE_LIMITED))
    count()
    if key != "sk-any":
        raises("gemini wrong key", errors.ClientError, 400, lambda: say(HELLO, "sk-wrong"))


def ollama_(url, _key):
    """The ollama package finds the mock by its own environment variable."""
    os.environ["OLLAMA_HOST"] = url
    import ollama

    client = ollama.Client()
    messages = [{"role": "user", "content": HELLO}]

    def stream():
        parts = list(client.chat(model="mistral:7b", messages=messages, stream=True))
        assert parts[-1].done and parts[-1].done_reason == "stop" and parts[-1].eval_count > 0, parts[-1]
        return "".join(part.message.content for part in parts)

    def busy():
        return client.chat(model="mistral:7b", messages=[{"role": "user", "content": OVERLOADED}]).message.content

    attempt("ollama chat", lambda: client.chat(model="mistral:7b", messages=messages).message.content)
    attempt("ollama stream", stream)
    attempt("ollama generate", lambda: client.generate(model="mistral:7b", prompt=HELLO).response)
    raises("ollama overloaded", ollama.ResponseError, 503, busy)
    try:
        check("ollama tags", isinstance(client.list().models, (list, tuple)), f"{len(client.list().models)} models")
        last = list(client.pull("qwen2.5:7b", stream=True))[-1]
        check("ollama pull", last.status == "success", last.status)
    except Exception as error:
        check("ollama tags", False, f"{type(error).__module__}.{type(error).__name__}: {error}")


def piper(url, _key):
    """Piper has no client: these are the requests that its documentation makes."""
    with urllib.request.urlopen(url + "/voices", timeout=20) as answer:
        voices = json.load(answer)
    name, voice = next(iter(voices.items()))
    body = json.dumps({"text": HELLO, "voice": name}).encode()
    request = urllib.request.Request(url + "/synthesize", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer, wave.open(io.BytesIO(answer.read())) as said:
        rate, frames = said.getframerate(), said.getnframes()
    check("piper synthesis", rate == voice["audio"]["sample_rate"] and frames > 0, f"{frames} frames at {rate} Hz by {name}")


def main():
    providers = ["claude", "mistral", "deepseek", "openai", "gemini", "ollama", "piper"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for provider in providers:
        parser.add_argument(f"--{provider}", default=os.environ.get(f"STEADFAST_{provider.upper()}_URL"))
    parser.add_argument("--key", default=os.environ.get("STEADFAST_KEY", "sk-any"))
    parser.add_argument("--steadfast", metavar="PROGRAM", help="serve the providers with this program")
    given = parser.parse_args()
    if given.steadfast:
        return with_steadfast(given)
    return run(parser, given, providers)


# The providers as they are served without a script, and those that files declare.
SERVED = [
    ([], ["claude", "mistral", "deepseek", "ollama"]),
    (["--script", "tests/sdk/gemini.yaml"], ["gemini"]),
    (["--script", "tests/sdk/piper.yaml"], ["piper"]),
]


def with_steadfast(given):
    """Serves the providers for as long as the checks take. Run it in the project's folder."""
    key = "sk-the-right-one"
    served, urls = [], {}
    try:
        for arguments, names in SERVED:
            command = [given.steadfast, "providers", "--key", key, *arguments]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            served.append(process)
            while not all(name in urls for name in names):
                line = process.stdout.readline()
                if not line:
                    print("steadfast providers ended before it had told its URLs")
                    return 2
                name, url = line.split()
                # Each serves the four of the embedded system as well.
                if name in names:
                    urls[name] = url
        names = [name for _, names in SERVED for name in names]
        return run(None, argparse.Namespace(key=key, **{name: urls[name] for name in names}), names)
    finally:
        for process in served:
            process.terminate()
            process.wait()


def run(parser, given, providers):
    """Checks the providers that have a URL."""
    checks = {
        "claude": claude,
        "mistral": mistral,
        "deepseek": lambda url, key: completions("deepseek", url, "deepseek-chat", key),
        "openai": lambda url, key: completions("openai", f"{url}/v1", "gpt-4o-mini", key),
        "gemini": gemini,
        "ollama": ollama_,
        "piper": piper,
    }
    asked = [provider for provider in providers if getattr(given, provider)]
    if not asked:
        parser.error("no provider has a URL")
    for provider in asked:
        try:
            checks[provider](getattr(given, provider).rstrip("/"), given.key)
        except Exception as error:  # A package that is missing or can't be set up.
            check(provider, False, f"{type(error).__name__}: {error}")
    print(f"{len(FAILED)} failed" if FAILED else "all passed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
