"""A second tutor, written from the contract's words alone: other paths, names and login, and all of its state in SQL.

It keeps the rules of routing, budget, fallback, local models and the cache of short phrases. It has no streams, no clock
that can be set, no speech and no conversations. Every learner's request carries the same user message; what the learner
said stands in the system prompt. A provider that is busy (503) is asked once more.

SECOND_TUTOR_FAULT plants one of ten faults: wrong_month, shared_models, french, estimate, label, canned, unrecorded,
double_charge, shared_cache, bound_session. SECOND_TUTOR_PACE is no fault: so many seconds lie at least between the
beginnings of two lessons, which makes the tutor slow.
"""

import asyncio
import os
import re
import secrets
import sqlite3
import time
import weakref
from datetime import datetime, timezone

import aiohttp
from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

FAULT = os.environ.get("SECOND_TUTOR_FAULT", "")
PACE = float(os.environ.get("SECOND_TUTOR_PACE", 0))
PROMPT = "Answer the learner, and nothing else."
OWN_NAMES = {"haiku": "claude", "tramontane": "mistral", "deep": "deepseek", "home": "ollama"}
CLOUD = ("haiku", "tramontane", "deep")
# Nano-dollars a token, in and out; ranks of cost and quality.
PRICE = {"haiku": (250, 1250), "tramontane": (700, 2000), "deep": (100, 200), "home": (0, 0)}
RANK = {"haiku": (3, 1), "tramontane": (2, 2), "deep": (1, 3)}
MODEL = {"haiku": "claude-3-haiku-20240307", "tramontane": "mistral-small-latest", "deep": "deepseek-chat"}
NANO = 10**9
FIVE_MINUTES = 300
PHRASES = set(
    "hello hi thanks goodbye bye bonjour salut merci hola adiós gracias hallo danke tschüss ciao grazie 你好 谢谢 再见".split()
) | {"thank you", "au revoir", "good morning", "guten tag"}

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, secret TEXT);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS wishes (name TEXT, wish TEXT, value INTEGER, PRIMARY KEY (name, wish));
CREATE TABLE IF NOT EXISTS charges (nanos INTEGER, month TEXT);
CREATE TABLE IF NOT EXISTS monthly_limit (nanos INTEGER);
CREATE TABLE IF NOT EXISTS failures (provider TEXT, at REAL);
CREATE TABLE IF NOT EXISTS installed (model TEXT, at REAL);
CREATE TABLE IF NOT EXISTS phrases (name TEXT, phrase TEXT, tongue TEXT, provider TEXT, text TEXT, model TEXT, at REAL);
"""

db = sqlite3.connect(os.environ.get("SECOND_TUTOR_DB", ":memory:"), isolation_level=None, check_same_thread=False)
db.executescript(SCHEMA)
app = FastAPI()
held = 0
next_lesson = 0.0
models_of_the_process = []
sessions = weakref.WeakKeyDictionary()
first_session = None


class No(Exception):
    """A refusal: its status, its kind, and what goes with it."""

    def __init__(self, status, kind, text, **more):
        super().__init__(text)
        self.status, self.body = status, {"problem": {"kind": kind, "text": text}, **more}


class NoAnswer(Exception):
    """A provider that did not answer, and whether it was too busy."""

    def __init__(self, text, busy=False):
        super().__init__(text)
        self.why = "rate_limited" if busy else "api_unavailable"


@app.exception_handler(No)
async def refuse(_request, refusal):
    return JSONResponse(refusal.body, refusal.status)


def session():
    """The HTTP client of the running event loop."""
    global first_session
    if FAULT == "bound_session":
        first_session = first_session or aiohttp.ClientSession()
        return first_session
    loop = asyncio.get_running_loop()
    if loop not in sessions:
        sessions[loop] = aiohttp.ClientSession()
    return sessions[loop]


@app.on_event("shutdown")
async def close():
    if FAULT != "bound_session":
        for client in list(sessions.values()):
            await client.close()
        sessions.clear()


def month():
    return datetime.now(timezone.utc).strftime("%Y-%m")


def one(query, *values):
    row = db.execute(query, values).fetchone()
    return row[0] if row else None


def limit():
    nanos = one("SELECT nanos FROM monthly_limit")
    return 30 * NANO if nanos is None else nanos


def used():
    if FAULT == "wrong_month":
        return one("SELECT COALESCE(SUM(nanos), 0) FROM charges")
    return one("SELECT COALESCE(SUM(nanos), 0) FROM charges WHERE month = ?", month())


def charge(nanos, in_month):
    if FAULT != "unrecorded":
        db.execute("INSERT INTO charges VALUES (?, ?)", (nanos, in_month))


def left():
    return limit() - used() - held


def level():
    spent, whole = used(), limit()
    if whole == 0 or spent >= whole:
        return "stop"
    return next((word for word, percent in (("hot", 90), ("warm", 75), ("mild", 50)) if spent * 100 >= whole * percent), "calm")


def quote(provider, goal):
    tokens = {"conversation": (50, 100), "simple_qa": (50, 100), "translation": (100, 150)}.get(goal, (200, 400))
    return sum(count * price for count, price in zip(tokens, PRICE[provider]))


def is_up(provider):
    return one("SELECT 1 FROM failures WHERE provider = ? AND at > ?", provider, time.time() - FIVE_MINUTES) is None


def provider_named(name):
    name = next((own for own, common in OWN_NAMES.items() if common == name), name)
    if name not in OWN_NAMES:
        hint = {"hint": "deep"} if name == "qwen" else {}
        raise No(400, "unknown_provider", f"nobody is called {name}", known=list(OWN_NAMES), **hint)
    return name


def read_tongue(tag):
    """A language, and the provider that its tag carries."""
    parts, carried = tag.lower().split("-"), None
    if not re.fullmatch(r"[a-z]{2,3}", parts[0]) or not all(re.fullmatch(r"[a-z0-9_.]+", part) for part in parts):
        raise No(400, "malformed_language", f"{tag} is no language")
    while len(parts) > 1 and len(parts[-1]) != 2:
        last = provider_named(parts.pop())
        carried = carried or last
    if len(parts) > 2 or len(parts) == 2 and not re.fullmatch(r"[a-z]{2}", parts[1]):
        raise No(400, "malformed_language", f"{tag} is no language")
    return "-".join(parts), carried


def candidates(tongue, goal):
    named = {"en": ["haiku", "tramontane"], "fr": ["tramontane", "haiku"]}
    if FAULT == "french":
        named["fr"] = ["deep", "haiku"]
    few = ["deep", "haiku"] if tongue in ("zh", "zh-cn", "zh-tw") else named.get(tongue, ["haiku"])
    weights = (5, 5)
    if goal in ("analysis", "reasoning", "content_generation", "educational"):
        weights = (4, 6)
    if goal in ("conversation", "translation", "simple_qa"):
        weights = (7, 3)
    if left() < 10 * NANO:
        weights = (9, 1)
    return sorted(few, key=lambda name: sum(weight * rank for weight, rank in zip(weights, RANK[name])))


def wishes(name):
    kept = dict(db.execute("SELECT wish, value FROM wishes WHERE name = ?", (name,)))
    defaults = {"stay_home": 0, "keep_to_budget": 1, "may_overspend": 0, "go_home_when_broke": 0}
    return {wish: bool(kept.get(wish, value)) for wish, value in defaults.items()}


def usd(nanos):
    return round(nanos / NANO, 9)


def percent():
    return round(used() * 100 / limit(), 2) if limit() else 100


def decide(mine, tongue, goal, wanted, stay_home, home_is_up, tried):
    """Who answers, why, and the warning that goes along."""
    fits = lambda name: not mine["keep_to_budget"] or quote(name, goal) <= left()
    if stay_home or mine["stay_home"]:
        return "home", "user_preference", None
    if wanted == "home" and home_is_up:
        return "home", "preferred", None
    if wanted in CLOUD and is_up(wanted):
        if fits(wanted):
            return wanted, "preferred", None
        warning = {"text": f"{wanted} costs more than is left; home is free", "spent": usd(used()), "of": usd(limit())}
        warning.update(share=percent(), wanted=wanted, price=usd(quote(wanted, goal)), instead="home")
        if mine["may_overspend"]:
            return wanted, "preferred", warning
        if mine["go_home_when_broke"]:
            return "home", "budget_exceeded_auto_fallback", None
        raise No(402, "budget_exceeded", warning["text"], because="budget_exceeded", alarm=warning)
    if wanted:
        tried.append({"provider": wanted, "why": "it failed a moment ago"})
    if mine["keep_to_budget"] and level() in ("hot", "stop"):
        return "home", "budget_exceeded", None
    because = "api_unavailable"
    for name in candidates(tongue, goal):
        if not is_up(name):
            tried.append({"provider": name, "why": "it failed a moment ago"})
        elif not fits(name):
            tried.append({"provider": name, "why": "it is too dear"})
            because = "budget_exceeded"
        else:
            return name, "routed", None
    return "home", because, None


def request_to(provider, system):
    """Address, headers and body of a question to a provider in the cloud."""
    base = os.environ[OWN_NAMES[provider].upper() + "_URL"]
    key = os.environ[OWN_NAMES[provider].upper() + "_KEY"]
    if provider == "haiku":
        body = {"model": MODEL[provider], "max_tokens": 500, "system": system}
        body["messages"] = [{"role": "user", "content": PROMPT}]
        return base + "/v1/messages", {"x-api-key": key, "anthropic-version": "2023-06-01"}, body
    messages = [{"role": "system", "content": system}, {"role": "user", "content": PROMPT}]
    body = {"model": MODEL[provider], "messages": messages}
    return base + "/v1/chat/completions", {"authorization": f"Bearer {key}"}, body


def read_answer(provider, answer):
    """Text, whether it is whole, and the tokens that it used."""
    usage = answer.get("usage") or {}
    if provider == "haiku":
        tokens = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
        return "".join(block["text"] for block in answer["content"]), answer["stop_reason"], tokens
    choice = answer["choices"][0]
    return choice["message"]["content"], choice["finish_reason"], (usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0))


async def post(url, headers, body):
    async with session().post(url, headers=headers, json=body, timeout=aiohttp.ClientTimeout(total=60)) as answer:
        if answer.status >= 400:
            await answer.read()
            return answer.status, None
        return answer.status, await answer.json(content_type=None)


async def ask_cloud(provider, goal, system):
    global held
    reserved, in_month = quote(provider, goal), month()
    held += reserved
    try:
        url, headers, body = request_to(provider, system)
        status, answer = await post(url, headers, body)
        if status == 503:
            if FAULT == "double_charge":
                charge(reserved, in_month)
            status, answer = await post(url, headers, body)
        if answer is None:
            raise NoAnswer(f"{provider} said {status}", busy=status == 429)
        text, finish, tokens = read_answer(provider, answer)
        if not text or not isinstance(text, str) or not finish:
            raise NoAnswer(f"{provider} broke off")
    except (NoAnswer, aiohttp.ClientError, asyncio.TimeoutError, ValueError, LookupError, TypeError, AttributeError) as error:
        db.execute("INSERT INTO failures VALUES (?, ?)", (provider, time.time()))
        print(f"ERROR {provider}: {type(error).__name__}: {error}", flush=True)
        if isinstance(error, NoAnswer):
            raise
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    finally:
        held -= reserved
    cost = sum(count * price for count, price in zip(tokens, PRICE[provider])) if any(tokens) else reserved
    charge(cost, in_month)
    return text, MODEL[provider], cost


async def installed():
    """The local models, asked for every five minutes."""
    global models_of_the_process
    if FAULT == "shared_models" and models_of_the_process:
        return models_of_the_process
    kept = [model for (model,) in db.execute("SELECT model FROM installed WHERE at > ?", (time.time() - FIVE_MINUTES,))]
    if kept:
        return kept
    async with session().get(os.environ["OLLAMA_URL"] + "/api/tags") as answer:
        if answer.status != 200:
            raise NoAnswer(f"home said {answer.status}")
        models = [model["name"] for model in (await answer.json())["models"]]
    db.execute("DELETE FROM installed")
    db.executemany("INSERT INTO installed VALUES (?, ?)", [(model, time.time()) for model in models])
    models_of_the_process = models
    return models


async def home_answers():
    try:
        await installed()
        return True
    except (NoAnswer, aiohttp.ClientError, ValueError, LookupError):
        return False


CLASSES = (
    (("code", "coder"), {"technical": 10, "conversation": 5, "grammar": 3}, 2),
    (("deepseek-r1", "thinking", "reasoning"), {"technical": 9, "grammar": 8, "conversation": 6}, 5),
    (("chat", "instruct"), {"conversation": 10, "grammar": 7, "technical": 5}, 5),
    (("",), {"technical": 7, "grammar": 7, "conversation": 7}, 5),
)
SPEAKS = {"mistral": "fr en de es it", "qwen": "zh en", "llama": "en es fr de it pt"}


def score(model, tongue, goal):
    is_chat = False
    for words, points, other in CLASSES:
        if any(word in model for word in words):
            is_chat = "chat" in words
            total = 2 * points.get(goal, other)
            break
    spoken = [languages.split() for family, languages in SPEAKS.items() if family in model]
    if any(tongue.split("-")[0] in languages for languages in spoken):
        total += 5
    elif any(family in model for family in ("mistral", "qwen", "gemma", "llama")):
        total += 2
    if goal in ("technical", "grammar"):
        size = re.search(r"(\d+(?:\.\d+)?)b", model.partition(":")[2])
        billions = float(size[1]) if size else None
        total += 1 if billions is None else 0 if billions <= 4 else 2 if billions < 13 else 4 if billions < 30 else 3
    return total + (3 if goal == "conversation" and is_chat else 0)


def best(models, tongue, goal):
    return min(models, key=lambda model: (-score(model, tongue, goal), model)) if models else None


async def ask_home(system, tongue, goal, because, tried):
    try:
        model = best(await installed(), tongue, goal)
        if model is None:
            raise No(503, "no_local_model", "no model is installed at home", tried=tried, because=because)
        body = {"model": model, "system": system, "prompt": PROMPT, "stream": False}
        status, answer = await post(os.environ["OLLAMA_URL"] + "/api/generate", {}, body)
        if answer is None or not answer.get("done_reason") or not answer.get("response"):
            raise NoAnswer(f"home said {status}")
        return answer["response"], model
    except (NoAnswer, aiohttp.ClientError, asyncio.TimeoutError, ValueError, LookupError, AttributeError) as error:
        db.execute("DELETE FROM installed")
        print(f"ERROR home: {type(error).__name__}: {error}", flush=True)
        tried = [*tried, {"provider": "home", "why": f"{type(error).__name__}: {error}"}]
        raise No(503, "no_provider", "nobody answers", tried=tried, because=because) from error


def me(key):
    name = one("SELECT name FROM sessions WHERE token = ?", (key or "").removeprefix("Pupil "))
    if name is None:
        raise No(401, "unauthorized", "open a session first")
    return name


@app.get("/alive")
async def alive():
    return "yes"


@app.post("/accounts", status_code=204)
async def open_account(request: Request):
    body = await request.json()
    try:
        db.execute("INSERT INTO accounts VALUES (?, ?)", (body["who"], body["secret"]))
    except sqlite3.IntegrityError:
        raise No(409, "name_taken", "somebody has that name") from None


@app.post("/session")
async def open_session(request: Request):
    body = await request.json()
    if one("SELECT secret FROM accounts WHERE name = ?", body["who"]) != body["secret"]:
        raise No(401, "unauthorized", "that is not the secret")
    token = secrets.token_hex(16)
    db.execute("INSERT INTO sessions VALUES (?, ?)", (token, body["who"]))
    return {"pupil": {"key": token, "name": body["who"]}}


@app.get("/wishes")
async def read_wishes(x_pupil: str = Header("")):
    return wishes(me(x_pupil))


@app.patch("/wishes")
async def change_wishes(request: Request, x_pupil: str = Header("")):
    name = me(x_pupil)
    for wish, value in (await request.json()).items():
        db.execute("INSERT OR REPLACE INTO wishes VALUES (?, ?, ?)", (name, wish, int(value)))
    return wishes(name)


@app.get("/purse")
async def purse(x_pupil: str = Header("")):
    me(x_pupil)
    return {
        "month": {"limit": usd(limit()), "spent": usd(used()), "rest": usd(max(0, limit() - used())), "held": usd(held)},
        "percent": percent(),
        "mood": level(),
        "broke": used() > limit(),
    }


@app.get("/shelf")
async def shelf(x_pupil: str = Header(""), tongue: str = "en", goal: str = "conversation"):
    me(x_pupil)
    try:
        models = await installed()
    except (NoAnswer, aiohttp.ClientError) as error:
        raise No(503, "no_provider", str(error)) from error
    return {"shelf": models, "pick": best(models, read_tongue(tongue)[0], goal)}


@app.get("/teachers")
async def teachers(x_pupil: str = Header("")):
    me(x_pupil)
    states = {name: is_up(name) for name in CLOUD}
    return {"teachers": {**states, "home": await home_answers()}}


@app.get("/quote/{tongue:path}")
async def price(tongue: str, goal: str = "", x_pupil: str = Header("")):
    tongue, wanted = read_tongue(tongue)
    mine, goal = wishes(me(x_pupil)), goal or "conversation"
    provider, because, _ = decide(mine, tongue, goal, wanted, False, True, [])
    cost = quote(provider, goal) * (1000 if FAULT == "estimate" else 1)
    return {"teacher": provider, "because": because, "price": usd(cost)}


async def take_turn():
    global next_lesson
    now = time.monotonic()
    next_lesson = max(now, next_lesson) + PACE
    await asyncio.sleep(next_lesson - now)


@app.post("/lessons/{tongue:path}")
async def lesson(tongue: str, request: Request, x_pupil: str = Header("")):
    name, body = me(x_pupil), await request.json()
    tongue, wanted = read_tongue(tongue)
    if PACE:
        await take_turn()
    said, goal = body["said"], body.get("goal") or "conversation"
    system = f"You teach. Reply in language: {tongue}. Purpose: {goal}. The learner says: {said}"
    tried, mine = [], wishes(name)
    home_is_up = wanted != "home" or await home_answers()
    provider, because, warning = decide(mine, tongue, goal, wanted, body.get("stay_home"), home_is_up, tried)
    phrase = said.strip(" .!?。！？").lower()
    key = ("" if FAULT == "shared_cache" else name, phrase, tongue, provider)
    kept = db.execute(
        "SELECT text, model FROM phrases WHERE name = ? AND phrase = ? AND tongue = ? AND provider = ? AND at > ?",
        (*key, time.time() - 24 * 3600),
    ).fetchone()
    if kept:
        return told(kept[0], provider, kept[1], 0, because, tongue, goal, again=True)
    chosen, cost = provider, 0
    if provider != "home":
        try:
            text, model, cost = await ask_cloud(provider, goal, system)
        except NoAnswer as failure:
            if FAULT == "canned":
                return told("Let us go on tomorrow.", provider, MODEL[provider], 0, because, tongue, goal)
            tried.append({"provider": provider, "why": str(failure)})
            provider, because, warning = "home", failure.why, None
    if provider == "home":
        text, model = await ask_home(system, tongue, goal, because, tried)
    if phrase in PHRASES and provider == chosen:
        db.execute("INSERT INTO phrases VALUES (?, ?, ?, ?, ?, ?, ?)", (*key, text, model, time.time()))
    label = (wanted or chosen) if FAULT == "label" else provider
    answer = told(text, label, model, cost, because, tongue, goal)
    return {**answer, "overspent": True, "alarm": warning} if warning else answer


def told(text, provider, model, cost, because, tongue, goal, again=False):
    answer = {"lesson": {"text": text, "teacher": provider, "model": model}, "price": usd(cost), "because": because}
    return {**answer, "tongue": tongue, "goal": goal, "again": again, "overspent": False}
