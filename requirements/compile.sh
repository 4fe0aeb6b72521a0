#!/usr/bin/env bash
# Writes the hash-locked requirement files anew from pyproject.toml. Needs uv; only a maintainer who changes a dependency runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
           --no-emit-index-url --no-emit-find-links --quiet "$@"; }
lock --extra demo -o requirements/run.txt
lock --extra demo --extra test -c requirements/run.txt -o requirements/test.txt
lock --extra ldap -c requirements/test.txt -o requirements/ldap.txt
lock --extra mutants -c requirements/test.txt -o requirements/mutants.txt
