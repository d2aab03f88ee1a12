#!/bin/sh
# Lays out the files of the image: build-image-root.sh SOURCE ROOT
#
# SOURCE is a checkout and is only read. ROOT is made; it becomes / of the image, and works from any place. Needs no
# rights beyond writing ROOT. $PYTHON is the interpreter, of the version that the image has; PIP_* variables reach pip.
set -eu

source=$1
root=$2
python=${PYTHON:-python3}
library=$root/opt/lattice-gateway

launcher() {
  # launcher PATH DEPTH WORDS: a program DEPTH folders below ROOT that calls the command line with WORDS first.
  mkdir -p "$(dirname "$1")"
  cat >"$1" <<END
#!/usr/bin/env -S python3 -I
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[$2] / "opt/lattice-gateway"))

from lattice_gateway.cli import main

main([$3*sys.argv[1:]])
END
  chmod 755 "$1"
}

mkdir -p "$library"
"$python" -m pip install --disable-pip-version-check --quiet --no-compile --target "$library" "$source"
# Programs that packages bring know the interpreter of the build only, and nothing here calls them.
rm -rf "$library/bin"
# The root of a container is read-only: what is not compiled here would be compiled at every start.
"$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$library"

launcher "$root/usr/local/bin/lattice-gateway" 3 ''
# The Go controller's manifests call their image's program by this name.
launcher "$root/manager" 0 '"run", '
