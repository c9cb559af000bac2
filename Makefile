# Two commands do everything: `make demo` and `make test`.
.PHONY: demo test crash sim bench gen fmt lint

# The main job on the embedded database: a simulated day of imports, then the API browser.
demo:
	@scripts/setup demo
	cargo build --release --locked --package kouan
	target/release/kouan demo $(ARGS)

# Property tests draw the same cases every time here, so that main is green or not, never by luck.
# Give another seed to look further: make test PROPTEST_RNG_SEED=1
export PROPTEST_RNG_SEED ?= 20261111

# Everything that must hold on main. Installs what it needs, starts a PostgreSQL of its own.
test: lint
	@test -d "$${KOUAN_CEB_DIR:-../shared/ceb}" || echo "note: no official CEB schemas at \
	$${KOUAN_CEB_DIR:-../shared/ceb} (KOUAN_CEB_DIR); the tests that compare with them are skipped"
	.ci/with-postgres cargo test --workspace --locked --quiet

# Kills a running server at least fifty times on each database and looks what is left; fails when
# something was lost or done twice, or a restart took two seconds. KOUAN_CRASH_KILLS and
# KOUAN_CRASH_SEED choose another story.
crash:
	@scripts/setup test
	cargo build --release --locked --package kouan
	KOUAN_CRASH_BINARY=$(CURDIR)/target/release/kouan .ci/with-postgres cargo test --locked --quiet \
	--package kouan --test it -- --ignored --nocapture --exact crash::fifty_deaths

# Tells hundreds of seeded stories of the whole zone and checks what must be true; a few are told by
# `make test`. KOUAN_SIM_SEEDS says how many (200), KOUAN_SIM_FROM where to begin; KOUAN_SIM_SEED=n
# tells one of them line by line. See docs/simulation.md.
sim:
	@scripts/setup test
	cargo test --locked --quiet --package kouan --test it -- --ignored --nocapture --exact \
	sim::many_stories_hold

# Speed, beside something real in the same run: writes docs/benchmarks. Some ten minutes; shorter
# with make bench SECONDS=10
SECONDS ?= 60
INTAKE = target/release/kouan bench intake --seconds $(SECONDS) --out docs/benchmarks
bench:
	@scripts/setup bench
	cargo build --release --locked --package kouan
	$(INTAKE) --profile batch
	$(INTAKE) --profile single --signature rsa
	$(INTAKE) --profile single --signature sm2
	$(INTAKE) --rate 1417
	KOUAN_POSTGRES=durable .ci/with-postgres $(INTAKE) --engine postgres --profile batch
	cargo bench --locked --package kouan

# Rewrites what is generated and committed under api/ and docs/.
gen:
	KOUAN_GEN=1 cargo test --locked --quiet --package kouan generated

fmt:
	cargo fmt --all

lint:
	@scripts/setup test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	cargo xtask tidy
