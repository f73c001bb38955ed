# Everything happens in .venv, which every target makes first. Two commands matter: make demo, make test.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/ready
# The oldest protoc that is supported generates the committed stubs; it lives apart from the environment's own grpcio.
PROTOC := grpcio-tools==1.75.1

.PHONY: demo test setup check editors bench huge gallery proto translations clean

demo: $(STAMP)  ## draw a scene and styles by code, paint them through a real daemon: out/demo/
	$(BIN)/impasto demo --output out/demo

test: check  ## everything that must hold
	$(BIN)/pytest

setup: $(STAMP)  ## the environment alone

check: $(STAMP)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

editors: $(STAMP)  ## the plug-ins in real editors, in a Debian root that is built where missing (as root; minutes, once)
	IMPASTO_EDITORS=required $(BIN)/pytest tests/editors

bench: $(STAMP)  ## speed and memory, as ratios within one run; what checkpoints cost; many clients on one daemon
	$(BIN)/python tests/bench/engine.py
	$(BIN)/python tests/bench/gpu.py
	$(BIN)/python tests/bench/race.py
	$(BIN)/python tests/bench/checkpoints.py
	$(BIN)/python tests/bench/load.py
	$(BIN)/python tests/bench/finish.py
	$(BIN)/python tests/bench/workers.py
	$(BIN)/python tests/bench/studio.py

huge: $(STAMP)  ## a hundred megapixels within 8 GiB: an hour or two on two cores, and 40 GB of disk
	$(BIN)/python tests/bench/huge.py

gallery: $(STAMP)  ## two scenes in ten styles, and whether each shows whose style it has; every control: out/gallery/
	$(BIN)/python tests/bench/gallery.py
	$(BIN)/python tests/bench/controls.py

proto: $(STAMP)  ## the stubs, after proto/ has changed
	$(BIN)/python proto/generate.py

LOCALE := plugins/krita/impasto_docker/locale
translations:  ## what translators of the Krita plug-in work on, and what it reads (gettext's tools are needed)
	xgettext -L Python -k -ktranslated -ktr --from-code=UTF-8 --package-name=impasto --add-location=file -o $(LOCALE)/impasto_docker.pot \
		plugins/krita/impasto_docker/*.py plugins/bridge/*.py
	sed -i "/POT-Creation-Date/d" $(LOCALE)/impasto_docker.pot
	for po in $(LOCALE)/*/LC_MESSAGES/*.po; do \
		msgmerge -q -U --add-location=file --backup=none $$po $(LOCALE)/impasto_docker.pot && msgfmt --check -o $${po%.po}.mo $$po || exit 1; \
	done

clean:  ## the environment and everything that was made
	rm -rf .venv out dist

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/protoc --upgrade $(PROTOC)
	touch $(STAMP)
