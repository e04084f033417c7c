# One set of dependencies, for release. The crate's own code is compiled twice:
# for release out of its archive, and once for tests, lints and coverage. Where
# dependencies are compiled already, the two run at the same time, on two views
# of the target folder, since cargo locks it.
here=$PWD
release=$here/target
if [ -d target/view ]; then release=$here/target/view; fi

checked() {
  RUSTC_WORKSPACE_WRAPPER=clippy-driver LLVM_PROFILE_FILE="${profile:-/dev/null}" \
    CLIPPY_ARGS=-Cinstrument-coverage__CLIPPY_HACKERY__--cap-lints=warn__CLIPPY_HACKERY__-Cdebuginfo=0__CLIPPY_HACKERY__-Ccodegen-units=1__CLIPPY_HACKERY__-Copt-level=0__CLIPPY_HACKERY__-Cdebug-assertions=on__CLIPPY_HACKERY__-Coverflow-checks=on__CLIPPY_HACKERY__-Cstrip=none__CLIPPY_HACKERY__ \
    "$@"
}

# build makes the release build of what cargo package packs, unless it has.
build() {
  cargo package --no-verify --workspace --allow-dirty $SIBLINGS
  mkdir -p target/packed target/unpacked
  for archive in target/package/*.crate; do
    name=$(basename "$archive")
    if ! cmp -s "$archive" "target/unpacked/$name"; then
      rm -rf "target/packed/${name%.crate}"
      tar -xzmf "$archive" -C target/packed
      cp "$archive" target/unpacked/
    fi
  done
  if [ -n "$PACKED" ]; then
    if ! printf %s "$PACKED" | cmp -s - target/packed/Cargo.toml; then printf %s "$PACKED" >target/packed/Cargo.toml; fi
    cp Cargo.lock target/packed/
    cd target/packed
  else
    cd target/packed/*/
  fi
  CARGO_TARGET_DIR=$release cargo build --release --workspace $EXCLUDED
  cd "$here"
}

compile() {
  checked cargo test --release --workspace --no-run 2>target/compile.log || { cat target/compile.log >&2; return 1; }
  if grep -q '^warning' target/compile.log; then cat target/compile.log >&2; return 1; fi
}

tests() {
  rm -rf target/coverage
  profile="$here/target/coverage/%p-%m.profraw"
  checked cargo test --release --workspace
  llvm-profdata merge --sparse target/coverage/*.profraw -o target/coverage/all.profdata
  set --
  for file in $(find target/release target/release/deps -maxdepth 1 -type f -perm -100 ! -name '*.so'); do
    set -- "$@" --object "$file"
  done
  llvm-cov export --summary-only --instr-profile=target/coverage/all.profdata "$@" >target/coverage/summary.json
  test -s target/coverage/summary.json
}

cargo fmt --all --check
if [ "$release" = "$here/target" ]; then
  build
  compile
  # For the next time: hard links cost next to nothing.
  mkdir target/view
  cp -al target/release target/view/release
else
  build & building=$!
  compile
fi
tests & testing=$!
RUSTDOCFLAGS=--deny=warnings checked cargo doc --release --workspace --no-deps
eval "$RUNS"
wait "$testing"
if [ -n "${building-}" ]; then wait "$building"; fi
