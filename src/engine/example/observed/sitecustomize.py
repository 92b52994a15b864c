"""Tells of the calls of the functions in `TARGETS`: names, with the paths of their files."""
import ast, os, sys, threading

SEEN = os.environ.get("OBSERVED")

def literal(value):
    text = repr(value)
    if len(text) > 200 or "\n" in text or ast.literal_eval(text) != value:
        raise ValueError
    return text

def begin():
    calls, told = {}, set()

    def called(frame, code):
        if code.co_flags & 0x0C or len(told) > 200:
            return
        plain = code.co_varnames[: code.co_argcount]
        named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        words = [literal(frame.f_locals[it]) for it in plain]
        words += ["%s=%s" % (it, literal(frame.f_locals[it])) for it in named]
        calls[id(frame)] = "%s(%s)" % (code.co_name, ", ".join(words))

    def hook(frame, event, got):
        code = frame.f_code
        if code.co_name not in TARGETS or event not in ("call", "return"):
            return
        try:
            path = os.path.realpath(code.co_filename)
            if not path.endswith("/" + TARGETS[code.co_name]):
                return
            if frame.f_globals[code.co_name].__code__ is not code:
                return
            if event == "call":
                called(frame, code)
                return
            call = calls.pop(id(frame), None)
            if call is None or got is None:
                return
            line = "assert %s == %s\n" % (call, literal(got))
            if line not in told:
                told.add(line)
                with open(SEEN, "a", encoding="utf-8") as seen:
                    seen.write(line)
        except Exception:
            pass

    sys.setprofile(hook)
    threading.setprofile(hook)

if SEEN:
    begin()
