"""Plugins that misbehave, each in its own way: sources of modules for the fixture `install`."""

from __future__ import annotations

RAISES = {
    "base": "class Odd(BaseException): pass\nraise Odd('\\x1b[31mred\\x07')",
    "exits": "raise SystemExit('\\x1b[31mI leave')",
    "interrupts": "raise KeyboardInterrupt('nobody pressed a key')",
    "generator": "@hookimpl\ndef infer_compare_backends():\n    raise GeneratorExit",
    "mute": "class Mute(Exception):\n    def __str__(self): raise SystemExit\nraise Mute",
    "verbose": "raise ValueError('\\x1b[2J' + 'word ' * 1_000_000)",
    "recursive": "def again(): again()\n@hookimpl\ndef infer_compare_models():\n    again()",
    "endless": """
        import itertools
        @hookimpl
        def infer_compare_backends():
            return (Sound for _ in itertools.count())
    """,
    "bystander": """
        class Looking:
            def __dir__(self): raise KeyboardInterrupt
        import sys
        sys.modules[__name__] = Looking()
    """,
}
"""Nothing of these can be used."""

WRONG = {
    "types": """
        class Shy:
            def __repr__(self): raise SystemExit
        class Wordless:
            name = 7
            suffix = ".txt"
            def render(self, document): return ""
        class Outside:
            name, suffix = "outside", "/../../outside.txt"
            def render(self, document): return ""
        from infer_compare.backends import Converter
        @hookimpl
        def infer_compare_backends(): return [Shy(), 42, None, Shy]
        @hookimpl
        def infer_compare_models(): return [1, BuiltinModel(name="../up", summary="", build=print)]
        @hookimpl
        def infer_compare_converters():
            edge = {"source": "a", "target": "onnx", "convert": print}
            return [Shy(), Converter(**{**edge, "target": "../up"}), Converter(**edge, cost=float("nan")),
                    Converter(**edge, requires="torch")]
        @hookimpl
        def infer_compare_reporters(): return [Shy(), Wordless(), Outside(), object()]
    """,
    "properties": """
        class Raising(type(Sound)):
            @property
            def name(cls): raise KeyboardInterrupt("of the class")
        class Second(Sound, metaclass=Raising): pass
        @hookimpl
        def infer_compare_backends(): return [Second]
    """,
    "escaping": """
        class Escaping(Sound):
            name = "escaping"
            capabilities = Capabilities(formats=("onnx\\x1b[31m",))
        class Aliased(Sound):
            name = "aliased"
            aliases = ("al\\x1bias",)
        @hookimpl
        def infer_compare_backends(): return [Escaping, Aliased]
    """,
}
"""Of these nothing can be used either, and each thing that is registered has its own reason."""

LISTED = {
    "noisy": """
        import os, sys
        print("clamour")
        os.write(1, b"clamour \\x1b[31m")
        class Hinted(Sound):
            name = "hinted"
            requires = ("no_such_framework",)
            install_hint = "pip\\x1b[31m install\\u202e\\r\\nhinted" + "!" * 10_000
        @hookimpl
        def infer_compare_backends():
            print("clamour", flush=True)
            sys.__stdout__.write("clamour")
            return [Hinted]
        def build(seed):
            print("clamour")
            raise SystemExit(7)
        @hookimpl
        def infer_compare_models():
            return [BuiltinModel(name="unbuildable", summary="\\x1b[31mred", build=build),
                    BuiltinModel(name="wordy", summary="", build=lambda seed: "no model")]
        class Loud:
            name, suffix = "loud", ".txt"
            def render(self, document):
                print("clamour")
                raise SystemExit("\\x1b[31mI leave")
        @hookimpl
        def infer_compare_reporters(): return [Loud()]
        @hookimpl
        def infer_compare_run_started(header):
            print("clamour")
            raise KeyboardInterrupt
        @hookimpl
        def infer_compare_run_finished(run):
            raise SystemExit(7)
    """,
    "options": """
        class Strange:
            pass
        class Optional(Options):
            one: Strange = Strange()
        class Optioned(Sound):
            name = "optioned"
            options = Optional
        @hookimpl
        def infer_compare_backends(): return [Optioned]
    """,
}
"""These are listed, and fail later."""

LEAVING = """
    import atexit, os, sys, threading, time
    print("clamour")
    os.write(1, b"clamour")
    atexit.register(lambda: (print("clamour"), os.write(1, b"clamour at the end")))
    atexit.register(lambda: 1 / 0)
    def chatter():
        while True:
            print("clamour", flush=True)
            time.sleep(0.01)
    threading.Thread(target=chatter, daemon=False).start()
"""
"""Leaves a thread that nobody awaits, and functions that run at the end; only for a process of its own."""

HANGING = "import time\ntime.sleep(600)"
