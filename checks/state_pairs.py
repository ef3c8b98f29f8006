#!/usr/bin/env python3
"""Pairs of tests, one for each kind of state: the first leaves a part of it changed, the second reads that and fails.

For each pair the watched polluter must name exactly that part (a time zone: two), say that restoring it heals the second
test, and the line that reads it. Run by hand, with a Python that has pytest:

    python checks/state_pairs.py
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/python/unit"))
from kit import Served  # noqa: E402

SHOP = '''
import functools, itertools, logging, os, warnings, decimal, random, locale, time, socket, signal, contextvars, asyncio, sys, threading
CONFIG={"a":1,"n":{"x":1}}; ITEMS=[]; NAMES=set(); IDS=itertools.count(1)
class Cart:
    limit=10
    def __init__(s): s.total=0
    def price(s): return 3
CART=Cart()
TL=threading.local()
def acc(x, box=[]):
    box.append(x); return len(box)
def mk():
    n=0
    def f():
        nonlocal n; n+=1; return n
    return f
NEXT=mk()
@functools.lru_cache(None)
def rate(): return CONFIG["a"]
class Registry(dict): pass
REG=Registry()
class Meta:
    _instance=None
    @classmethod
    def get(cls):
        if cls._instance is None: cls._instance=object(); cls.made=getattr(cls,'made',0)+1
        return cls._instance
class Frozen:
    __slots__=('v',)
    def __init__(s): s.v=1
FROZEN=Frozen()
from collections import defaultdict, OrderedDict, deque
DD=defaultdict(list); OD=OrderedDict(); DQ=deque()
from dataclasses import dataclass, field
@dataclass
class Settings:
    debug: bool=False
    tags: list = field(default_factory=list)
SETTINGS=Settings()
from types import SimpleNamespace
NS=SimpleNamespace(mode="prod")
STATE="idle"
def set_state(v):
    global STATE; STATE=v
'''
PAIRS = [
('shop.CONFIG["n"]["x"]=5','assert shop.CONFIG["n"]["x"]==1'),
('shop.ITEMS.append(1)','assert shop.ITEMS==[]'),
('shop.NAMES.add(1)','assert not shop.NAMES'),
('next(shop.IDS)','assert next(shop.IDS)==1'),
('shop.Cart.limit=3','assert shop.Cart.limit==10'),
('shop.CART.total=5','assert shop.CART.total==0'),
('shop.Cart.price=lambda s: 9','assert shop.CART.price()==3'),
('shop.TL.user=1','assert not hasattr(shop.TL,"user")'),
('shop.acc(1)','assert shop.acc(1)==1'),
('shop.NEXT()','assert shop.NEXT()==1'),
('shop.CONFIG["a"]=2; shop.rate(); shop.CONFIG["a"]=1','assert shop.rate()==1'),
('shop.REG["x"]=1','assert "x" not in shop.REG'),
('shop.Meta.get()','assert shop.Meta._instance is None'),
('shop.FROZEN.v=2','assert shop.FROZEN.v==1'),
('shop.DD["k"].append(1)','assert not shop.DD["k"]'),
('shop.OD["k"]=1','assert not shop.OD'),
('shop.DQ.append(1)','assert not shop.DQ'),
('shop.SETTINGS.debug=True','assert not shop.SETTINGS.debug'),
('shop.SETTINGS.tags.append(1)','assert not shop.SETTINGS.tags'),
('shop.NS.mode="test"','assert shop.NS.mode=="prod"'),
('shop.set_state("busy")','assert shop.STATE=="idle"'),
('os.environ["RATE"]="1"','assert "RATE" not in os.environ'),
('os.environ.pop("HOME",None)','assert os.environ["HOME"]'),
('os.chdir("/")','assert os.getcwd()!="/"'),
('sys.path.insert(0,"/x")','assert "/x" not in sys.path'),
('sys.modules["json"]=None','import json'),
('del sys.modules["shop"]','import shop as s; assert s is shop'),
('logging.getLogger("shop").setLevel(50)','assert logging.getLogger("shop").isEnabledFor(20) or logging.getLogger("shop").level==0'),
('logging.getLogger("shop").addHandler(logging.NullHandler())','assert not logging.getLogger("shop").handlers'),
('logging.getLogger("shop").propagate=False','assert logging.getLogger("shop").propagate'),
('os.environ["TZ"]="Asia/Tokyo"; time.tzset()','assert time.tzname[0]!="JST"'),
('decimal.getcontext().prec=3','assert decimal.getcontext().prec==28'),
('sys.setrecursionlimit(5000)','assert sys.getrecursionlimit()!=5000'),
('socket.setdefaulttimeout(3)','assert socket.getdefaulttimeout() is None'),
('signal.signal(signal.SIGUSR1, lambda *_: None)','assert signal.getsignal(signal.SIGUSR1)==signal.SIG_DFL'),
('asyncio.set_event_loop(None)','asyncio.get_event_loop_policy()._local._set_called and 1/0'),
('mock.patch("time.time",return_value=1).start()','assert time.time()>5'),
('mock.patch("socket.socket.connect").start()','assert "connect" not in vars(socket.socket)'),
('mock.patch("builtins.open").start()','assert type(open).__name__!="MagicMock"'),
('mock.patch.dict(os.environ,{"Q":"1"}).start()','assert "Q" not in os.environ'),
('gc.disable()','assert gc.isenabled()'),
('os.umask(0o77)','m=os.umask(0o22); os.umask(m); assert m!=0o77'),
('shop.log=1','assert not hasattr(shop,"log")'),
('del shop.NS','shop.NS'),
('locale.setlocale(locale.LC_ALL,"C.UTF-8")','assert locale.setlocale(locale.LC_ALL)!="C.UTF-8"'),
]

HEAD = """
import asyncio, decimal, gc, locale, logging, os, random, signal, socket, sys, time, warnings
from unittest import mock
import shop
"""


def main():
    text = HEAD
    for number, (leaves, reads) in enumerate(PAIRS):
        text += "def test_leaves_%d():\n    %s\ndef test_reads_%d():\n    %s\n" % (number, leaves, number, reads)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        with Served(pathlib.Path(folder), {"shop.py": SHOP, "test_all.py": text}) as served:
            for number, (leaves, _) in enumerate(PAIRS):
                (alone,) = served.finished([2 * number + 1])
                first, second = served.finished([2 * number, 2 * number + 1], watch=0)
                deciding = [mark for mark in first.get("marks", []) if mark.get("decides")]
                is_pair = alone["outcome"] == "passed" and second["outcome"] != "passed"
                most = 2 if "TZ" in leaves else 1
                if not is_pair or not 1 <= len(deciding) <= most or not deciding[-1].get("read_at"):
                    missed += 1
                    print("missed: %s: %s, %s, %s" % (leaves, alone["outcome"], second["outcome"], first.get("marks")))
    print("%d of %d named" % (len(PAIRS) - missed, len(PAIRS)))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
