# make app    the dashboard on http://127.0.0.1:8501, on synthetic sample data, in rehearsal: nothing leaves this machine
# make test   everything; browser and PostgreSQL tests are skipped, and say so, where the machine has neither
# make lint   style
# make torture  20,000 letters through killed senders and a provider that misbehaves; nobody twice, nobody lost
# make calibrate   the cadence engine against synthetic worlds whose truth is known (minutes)
# make lock   pin the versions anew

VENV := .venv
BIN  := $(VENV)/bin
LOCK := .ci/requirements.lock
UV   := $(shell command -v uv 2>/dev/null)

ifdef UV
MAKE_VENV = uv venv --quiet --allow-existing $(VENV)
INSTALL   = uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint $(LOCK)
else
MAKE_VENV = python3 -m venv $(VENV)
INSTALL   = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(LOCK)
endif
CALIBRATE := OPENBLAS_NUM_THREADS=1 $(BIN)/python -W ignore -m tests.calibrate

.PHONY: app test lint lock benchmarks torture calibrate clean

app: $(VENV)/.app
	$(BIN)/bulkmail app --sample

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.test
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

benchmarks: $(VENV)/.test
	$(BIN)/python -m pytest -s -o "python_files=bench_*.py" tests/benchmarks
	$(BIN)/python -m tests.benchmarks.bench_way_out

torture: $(VENV)/.test
	$(BIN)/python -m tests.torture

calibrate: $(VENV)/.test
	$(CALIBRATE); small=$$?; $(CALIBRATE) --people 20000 --worlds 18 --standard && exit $$small

lock:
	uv pip compile --quiet --universal --all-extras --python-version 3.11 --no-annotate --no-header -o $(LOCK) pyproject.toml

$(VENV)/.app: pyproject.toml $(LOCK)
	$(MAKE_VENV)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(LOCK)
	$(MAKE_VENV)
	$(INSTALL) --editable ".[test]"
	@touch $@ $(VENV)/.app

clean:
	rm -rf $(VENV) build dist *.egg-info .ruff_cache
