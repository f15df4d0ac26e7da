#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the site of static pages, build-site/html, from README, docs and manual pages. It fetches
# mkdocs (PyPI) once, into a virtual environment of its own; needs scdoc and mandoc. A link that
# leads nowhere ends it. What it has built asks no other server.
#
#   site.sh         builds it
#   site.sh look    shows it to Chromium in two widths: no page may be wider, and there are pictures
#                   of some in build-site/look
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

work=build-site
mkdocs=mkdocs==1.6.1

build() {
    local page
    deps_install test
    if [ ! -e "$work/venv/$mkdocs" ]; then
        python3 -m venv --clear "$work/venv"
        "$work/venv/bin/pip" install -q --disable-pip-version-check "$mkdocs"
        touch "$work/venv/$mkdocs"
    fi
    say "manual pages"
    quietly 1 cmake -S . -B "$work/build" -DBUILD_TESTING=OFF -DWAL_MAN=ON
    quietly 1 cmake --build "$work/build" --target man
    say "pages"
    "$work/venv/bin/python" -B packaging/site/stage.py . "$work/pages" "$work/build/man"
    NO_MKDOCS_2_WARNING=1 quietly 1 "$work/venv/bin/mkdocs" -q build --strict \
        -f packaging/site/mkdocs.yml
    if grep -rlE '(src|href)="(https?:)?//[^"]+\.(js|css|woff2?)' "$work/html" ||
        grep -rlE '@import|url\((https?:)?//' --include='*.css' "$work/html"; then
        echo "These ask another server" >&2
        return 1
    fi
    echo "$work/html/index.html: $(find "$work/html" -name '*.html' | wc -l) pages"
}

browse() { # OPTION... URL
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "$@" 2>/dev/null
}

# One document with every page in a frame of that width, which says of each whether it fits.
frames() { # WIDTH
    find "$work/html" -name '*.html' ! -name 404.html ! -name search.html -printf '%P\n' | sort |
        sed "s|.*|<iframe src='html/&' style='width:$1px; height:900px; border:0'></iframe>|"
    sed "s/WIDTH/$1/" <<'END'
<pre></pre>
<script>
onload = () => {
  const frames = [...document.querySelectorAll('iframe')];
  const wide = frames.filter(f =>
    [...f.contentDocument.querySelectorAll('html, body, .wy-nav-content')]
      .some(e => e.scrollWidth > WIDTH));
  document.querySelector('pre').textContent =
    wide.map(f => `${f.src} is wider than WIDTH\n`).join('') + `${frames.length} pages looked at`;
};
</script>
END
}

fits() { # WIDTH
    local found
    frames "$1" >"$work/frames.html"
    found=$(browse --allow-file-access-from-files --dump-dom "file://$PWD/$work/frames.html" |
        sed -n 's/.*<pre>//; s/<\/pre>.*//; /is wider than\|pages looked at/p' | grep -v '=>\|`')
    echo "$1: $found"
    [[ $found =~ ^[0-9]+\ pages ]]
}

look() {
    local page width name
    mkdir -p "$work/look"
    for width in 400 1280; do
        fits "$width"
    done
    for page in index docs/tuning docs/format docs/recovery man/index man/wal_get.3 man/walctl.1; do
        for width in 400 1280; do
            name=$work/look/${page//\//-}-$width.png
            browse --window-size="$width,2400" --screenshot="$name" \
                "file://$PWD/$work/html/$page.html" >/dev/null
        done
    done
    ls "$work/look"
}

case ${1:-build} in
build) build ;;
look) build && look ;;
*) sed -n '/^#   /s/^#   //p' "$0" >&2 && exit 2 ;;
esac
