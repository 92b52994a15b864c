#!/usr/bin/env python3
"""Takes out of an environment with Aider what the worker's image does not need: trim-aider.py VENV

Tests, the tools that installed it, a web page of LiteLLM's, bytecode, and grammars of languages
that Aider draws no map of. A grammar that is not there is a language that it does not map.
"""
import pathlib
import shutil
import sys

# Aider looks at such files too, and says so when it cannot: they are in most repositories.
COMMON = {"bash", "css", "dockerfile", "html", "json", "make", "markdown", "markdown_inline", "toml", "tsx", "xml"}


def main():
    [packages] = pathlib.Path(sys.argv[1]).glob("lib/python3*/site-packages")
    gone = [packages / "litellm/proxy/_experimental/out"]
    gone += [it for it in packages.rglob("*") if it.is_dir() and it.name in ("tests", "__pycache__")]
    gone += [it for name in ("pip", "setuptools", "pkg_resources", "_distutils_hack") for it in packages.glob(name)]
    gone += [*packages.glob("pip-*.dist-info"), *packages.glob("setuptools-*.dist-info"), *packages.glob("distutils-precedence.pth")]
    for it in gone:
        shutil.rmtree(it, ignore_errors=True) if it.is_dir() else it.unlink(missing_ok=True)
    mapped = {it.name.removesuffix("-tags.scm") for it in packages.glob("aider/queries/*/*-tags.scm")}
    grammars = [*packages.glob("tree_sitter_language_pack/bindings/*.so")]
    kept = [it for it in grammars if it.name.split(".")[0] in mapped | COMMON]
    # Another layout of these packages must not go by unnoticed.
    if len(kept) < 30 or len(kept) == len(grammars):
        sys.exit(f"trim-aider: {len(kept)} of {len(grammars)} grammars would stay: the packages have changed")
    for it in set(grammars) - set(kept):
        it.unlink()


if __name__ == "__main__":
    main()
