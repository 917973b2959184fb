# candidate: leader election on etcd. `make help` lists what can be made.
# A new .c file needs no edit here. All that is built goes to $(BUILD); builds
# with other flags stand beside each other in other folders:
#   make test BUILD=build/clang CC=clang WERROR=1
#   make test BUILD=build/sanitize SANITIZE=1
BUILD ?= build
WERROR ?= 0
SANITIZE ?= 0
COVERAGE ?= 0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
ifeq ($(origin CC),default)
CC = cc
endif

# ---- flags ----
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes
ifeq ($(SANITIZE),1)
CFLAGS ?= -O1 -g -fno-omit-frame-pointer
SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
else
CFLAGS ?= -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
DEFS = -Wl,-z,defs
endif
ifeq ($(COVERAGE),1)
# What src is run through is counted, in $(BUILD)/src, by all processes at once.
COUNT = --coverage -fprofile-update=atomic -D_exit=count_exit \
	-include tests/support/count.h
COUNT_LINK = --coverage
FORGET_COUNTS = find $(BUILD)/src -name '*.gcda' -delete
export GCOV_ERROR_FILE := $(abspath $(BUILD))/gcov.log
else
# What is built is the same in any folder.
SAME = -ffile-prefix-map=$(CURDIR)=.
endif
LANGUAGE = -std=c17 -D_GNU_SOURCE -Iinclude -Isrc
ALL_CFLAGS = $(LANGUAGE) -fPIC -fvisibility=hidden -fstack-protector-strong \
	$(SAME) $(HARDENING) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) $(SANITIZERS)
ALL_LDFLAGS = -Wl,-z,relro,-z,now,-z,noexecstack $(SANITIZERS) $(COUNT_LINK) $(LDFLAGS)
ifeq ($(WERROR),1)
ERRORS = -Werror
endif
# What the compiler has of these, as the machine's architecture allows.
HARDENING := $(shell for flag in -fstack-clash-protection \
	-fcf-protection=full -mbranch-protection=standard; do \
	echo 'int x;' | $(CC) -Werror $$flag -c -x c -o /dev/null - 2>/dev/null && \
	echo $$flag; done)
LIBS := $(shell pkg-config --libs libcurl libcjson 2>/dev/null || \
	echo -lcurl -lcjson)
PROGRAM_LIBS = $(LIBS) -lmicrohttpd -lresolv
# What is being made is shown, not how; V=1 shows that too.
ifneq ($(V),1)
Q = @echo '  $@';
endif
COMPILE = $(CC) $(ALL_CFLAGS) $(ERRORS) -MMD -MP
LINK = $(CC) -pie $(ALL_LDFLAGS)
MAKE_ALL = $(MAKE) --no-print-directory \
	$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# ---- what there is ----
# The version stands in one place.
VERSION := $(shell sed -n 's/.*CANDIDATE_VERSION "\(.*\)"/\1/p' \
	include/candidate.h)
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
# What is the program's alone, and not the library's.
PROGRAM_SRC = src/main.c \
	$(wildcard $(patsubst %,src/%/*.c,cli run serve actions)) \
	$(patsubst %,src/sys/%.c,cgroup confine deadman execute fd fence_file httpd \
		json_text keyboard listen log notify screen secret signals \
		spawn srv srv_reply srv_search terminal tree)
PROGRAM_OBJ = $(call objects,$(PROGRAM_SRC))
LIBRARY_OBJ = $(call objects,$(filter-out $(PROGRAM_SRC),\
	$(wildcard src/*/*.c)))
LIBRARY = $(BUILD)/libcandidate.a
INTERNAL = $(BUILD)/tests/library.a
SHARED = $(BUILD)/libcandidate.so.0
PROGRAM = $(BUILD)/candidate
ifeq ($(BUILD),build)
PROGRAM_LINK = candidate
endif
CLI_TESTS = $(wildcard tests/cli/*.bats)
SCRIPT_TESTS = $(wildcard tests/scripts/*.bats)

.PHONY: all test unit e2e sim faults torture torturers tests fuzzers \
	page-test service-test coverage run lint format fuzz valgrind model \
	interop bench demo install uninstall static deb deb-test reproducible clean release \
	help FORCE
.PRECIOUS: $(BUILD)/%.o
.DELETE_ON_ERROR:

all: $(LIBRARY) $(SHARED) $(PROGRAM) $(PROGRAM_LINK) ## build program and library

# ---- objects, library, program ----
# Everything is built anew when the compiler or its flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(COUNT) $(ALL_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(COUNT) $(ALL_LDFLAGS)' >$@

$(BUILD)/src/serve/page.o: $(wildcard src/serve/page/*)
$(BUILD)/src/%.o: private ALL_CFLAGS += $(COUNT)
$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@rm -f $(@:.o=.gcda)
	$(Q)$(COMPILE) -c -o $@ $<

# Program and tests see all of the library, other programs what is public.
$(BUILD)/libcandidate.o: $(LIBRARY_OBJ)
	$(Q)$(LD) -r -o $@ $^
	@objcopy --localize-hidden $@
$(LIBRARY): $(BUILD)/libcandidate.o
$(INTERNAL): $(LIBRARY_OBJ)
$(BUILD)/tests/program.a: $(filter-out %/main.o,$(PROGRAM_OBJ))
$(BUILD)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(SHARED): $(LIBRARY_OBJ)
	$(Q)$(CC) -shared $(ALL_LDFLAGS) $(DEFS) -Wl,-soname,$(@F) -o $@ $^ $(LIBS)
	@ln -sf $(@F) $(BUILD)/libcandidate.so

$(PROGRAM): $(PROGRAM_OBJ) $(INTERNAL)
	$(Q)$(LINK) -o $@ $^ $(PROGRAM_LIBS)

# What has no archive here is linked as ever.
$(BUILD)/candidate-static: $(PROGRAM_OBJ) $(INTERNAL) scripts/static-libs.sh
	$(Q)libraries=$$(CC='$(CC)' scripts/static-libs.sh) && \
		$(LINK) -o $@ $(PROGRAM_OBJ) $(INTERNAL) $$libraries

static: ## the program with as few shared libraries as this system allows
	@scripts/install-deps.sh build static
	@rm -f $(BUILD)/candidate-static
	@+$(MAKE_ALL) $(BUILD)/candidate-static

candidate: $(PROGRAM)
	@ln -sf $< $@

define PC_FILE
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$${prefix}/include

Name: candidate
Description: leader election on etcd
Version: $(VERSION)
Requires.private: libcurl libcjson
Libs: -L$${libdir} -lcandidate
Cflags: -I$${includedir}
endef

# ---- tests ----
# tests/KIND/test_X.c is a cmocka program, $(BUILD)/KIND/test_X. It may use the
# other .c files of its folder, tests/support, tests/fake, and all of src but
# main.c.
define kind
$(1)_BIN = $$(patsubst tests/%.c,$$(BUILD)/%,$$(wildcard tests/$(1)/test_*.c))
$$(BUILD)/tests/$(1).a: $$(call objects,$$(filter-out tests/$(1)/test_%,\
	$$(wildcard tests/$(1)/*.c tests/support/*.c tests/fake/*.c)))
$$(BUILD)/$(1)/%: $$(BUILD)/tests/$(1)/%.o $$(BUILD)/tests/$(1).a \
		$$(BUILD)/tests/program.a $$(INTERNAL)
	@mkdir -p $$(@D)
	$$(Q)$$(LINK) -o $$@ $$^ -lcmocka $$(PROGRAM_LIBS) -lpthread -lm
$(1): $$($(1)_BIN)
endef
$(foreach k,unit sim e2e faults torture bench interop,$(eval $(call kind,$(k))))
sim: $(BUILD)/sim/simulate
torturers: $(addprefix $(BUILD)/,torture/torture torture/worker \
	torture/sabotaged preload/clock.so) all
# The program, with a rule of safety broken at each function of sabotage.c.
WRAPPED := $(shell sed -n 's/^WRAPPED.[^,]*, \([a-z_]*\),.*/\1/p' \
	tests/torture/sabotage.c)
$(BUILD)/torture/sabotaged: $(BUILD)/tests/torture/sabotage.o $(PROGRAM_OBJ) \
		$(INTERNAL)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(PROGRAM_LIBS)
# tests/preload/X.c goes between a program and its libraries.
e2e: $(patsubst tests/%.c,$(BUILD)/%.so,$(wildcard tests/preload/*.c))
$(BUILD)/preload/%.so: tests/preload/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANGUAGE) $(WARNINGS) $(ERRORS) -fPIC -shared -o $@ $<
$(BUILD)/tests/%.o: private ALL_CFLAGS += -Itests

# tests/fuzz/fuzz_X.c is a fuzzer. Linked with replay.c it tries its corpus; with
# FUZZ_MAIN=-fsanitize=fuzzer (scripts/fuzz.sh) it looks for more. Its time and
# chance are those of script.c, and its memory.
fuzz_WRAPPED = clock_now_ms getrandom malloc calloc realloc strdup
FUZZ_MAIN = $(BUILD)/tests/fuzz/replay.o
fuzz_BIN = $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/tests/fuzz.a: $(call objects,$(filter-out tests/fuzz/fuzz_% \
	%/replay.c,$(wildcard tests/fuzz/*.c tests/fake/*.c)) tests/support/parsed.c)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o \
		$(BUILD)/tests/fuzz.a $(BUILD)/tests/program.a $(INTERNAL)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(fuzz_WRAPPED:%=-Wl,--wrap=%) -o $@ $< $(FUZZ_MAIN) \
		$(filter %.a,$^) -lcmocka $(PROGRAM_LIBS)
fuzzers: $(fuzz_BIN)

tests: unit sim e2e torturers fuzzers all ## build all tests, run none
tests: $(BUILD)/faults/fault_table $(BUILD)/bench/speed $(BUILD)/interop/turns

test: ## install what is missing, build, run every test
	@scripts/install-deps.sh build test
	@for tool in promtool haproxy; do \
		scripts/fetch-tool.sh $$tool >/dev/null || exit; done
	@+$(MAKE_ALL) tests
	@$(FORGET_COUNTS)
	@export CANDIDATE_ETCD="$${CANDIDATE_ETCD-$$(scripts/fetch-etcd.sh || :)}"; \
	CANDIDATE=$(abspath $(PROGRAM)) scripts/run-tests.sh \
		$(unit_BIN) $(fuzz_BIN) $(sim_BIN) $(e2e_BIN) $(CLI_TESTS) $(SCRIPT_TESTS)

# ---- using it ----
run: export ID := $(ID)
run: ## install what is missing, build, start etcd, run candidate ID=A [ARGS=...]
	@test -n "$$ID" || { echo 'Say who runs: make run ID=A'; exit 64; }
	@scripts/install-deps.sh build run
	@test -e $(PROGRAM) || echo 'Building candidate.' >&2
	@+$(MAKE_ALL) -s Q=@ all
	@exec scripts/run.sh $(PROGRAM) $(ARGS) "$$ID"

demo: ## install what is missing, build, three candidates side by side in tmux
	@scripts/install-deps.sh build demo
	@+$(MAKE_ALL) -s Q=@ all
	@scripts/demo.sh

# Whatever the umask, all may read it.
INSTALL_TEXT = install -m 644 /dev/stdin
install: export PC_FILE := $(PC_FILE)
install: all ## program, library, manual and so on to $(DESTDIR)$(PREFIX)
	install -d $(addprefix $(DESTDIR),$(PREFIX)/bin $(PREFIX)/include/candidate \
		$(LIBDIR)/pkgconfig $(UNITDIR) $(MANDIR)/man1 $(MANDIR)/man3 \
		$(BASHDIR) $(ZSHDIR) $(FISHDIR) $(PREFIX)/share/candidate)
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin
	install -m 644 include/candidate.h $(DESTDIR)$(PREFIX)/include
	install -m 644 include/candidate/*.h $(DESTDIR)$(PREFIX)/include/candidate
	install -m 644 $(LIBRARY) $(DESTDIR)$(LIBDIR)
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/libcandidate.so
	@printf '%s\n' "$$PC_FILE" | \
		$(INSTALL_TEXT) $(DESTDIR)$(LIBDIR)/pkgconfig/candidate.pc
	@sed 's|^ExecStart=/usr/local|ExecStart=$(PREFIX)|' \
		scripts/candidate@.service | \
		$(INSTALL_TEXT) $(DESTDIR)$(UNITDIR)/candidate@.service
	@for page in candidate.1 libcandidate.3; do \
		sed 's|^\.Os$$|.Os candidate $(VERSION)|; s|/usr/local/|$(PREFIX)/|' \
			scripts/manual/$$page | $(INSTALL_TEXT) \
			$(DESTDIR)$(MANDIR)/man$${page##*.}/$$page || exit; done
	install -m 644 scripts/completions/candidate.bash \
		$(DESTDIR)$(BASHDIR)/candidate
	install -m 644 scripts/completions/_candidate $(DESTDIR)$(ZSHDIR)
	install -m 644 scripts/completions/candidate.fish $(DESTDIR)$(FISHDIR)
	install -m 755 scripts/etcd-role.sh $(DESTDIR)$(PREFIX)/share/candidate

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/candidate include/candidate.h)
	rm -rf $(addprefix $(DESTDIR)$(PREFIX)/,include/candidate share/candidate)
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libcandidate.a libcandidate.so \
		$(notdir $(SHARED)) pkgconfig/candidate.pc)
	rm -f $(DESTDIR)$(UNITDIR)/candidate@.service
	rm -f $(addprefix $(DESTDIR),$(MANDIR)/man1/candidate.1 \
		$(MANDIR)/man3/libcandidate.3 $(BASHDIR)/candidate \
		$(ZSHDIR)/_candidate $(FISHDIR)/candidate.fish)

deb: ## the Debian packages, which lintian has checked, in $(BUILD)/deb
	@scripts/install-deps.sh build deb
	@scripts/deb.sh $(BUILD)/deb

deb-test: ## them in clean Debians [ARGS='bookworm trixie'], as root
	@scripts/deb-test.sh $(ARGS)

# ---- looking after it ----
coverage: ## which lines the tests run, and whether that is enough [HTML=FOLDER]
	@+$(MAKE) --no-print-directory test COVERAGE=1 BUILD=build/coverage \
		SCRIPT_TESTS=
	@scripts/coverage.sh build/coverage $(HTML)

lint: ## style, layers, static analysis
	@scripts/install-deps.sh build lint
	@+$(MAKE_ALL) -s all
	@scripts/lint.sh $(LANGUAGE)

format: ## clang-format decides
	clang-format -i $$(git ls-files '*.[ch]')

fuzz: ## fuzzers, TIME=30 seconds each [SEED=...]
	scripts/fuzz.sh $(TIME)

valgrind: ## the end-to-end tests, with each candidate below valgrind
	@scripts/install-deps.sh build test valgrind
	@+$(MAKE_ALL) e2e all
	@export CANDIDATE_ETCD="$${CANDIDATE_ETCD-$$(scripts/fetch-etcd.sh || :)}"; \
	scripts/valgrind.sh $(e2e_BIN)

model: ## what Spin finds in the rule, and in broken ones [ARGS=quick]
	@scripts/install-deps.sh model
	@scripts/model.sh $(ARGS)

faults: ## what faults do to leadership, N=20 times each
	@+scripts/fault-table.sh $(ARGS) $(N)

torture: ## faults at random, DURATION=60 [SEED=...] [SABOTAGE=NAME]
	@+scripts/torture.sh $(if $(SEED),--seed $(SEED)) \
		$(if $(SABOTAGE),--sabotage $(SABOTAGE)) $(DURATION)

interop: ## turns with etcdctl, curl, Go and node on one election, N=50 with each
	@scripts/interop.sh $(N)

bench: ## speed and memory beside others, [ARGS=quick]
	@scripts/bench.sh $(ARGS)

page-test: all ## the page of --listen in a headless Chromium [SHOTS=FOLDER]
	@scripts/install-deps.sh page
	@CANDIDATE=$(abspath $(PROGRAM)) scripts/page-test.sh $(SHOTS)

service-test: ## the unit under a systemd that runs [N=5], as root
	@scripts/service-test.sh $(N)

clean: ## remove what was built
	rm -rf $(BUILD) $(PROGRAM_LINK)

reproducible: deb ## the packages built twice, which must be the same
	@scripts/reproducible.sh $(BUILD)/deb $(ARGS)

release: ## tag this commit with the version of the header, and a changelog
	@test -z "$$(git status --porcelain)" || { echo 'Commit first.'; exit 64; }
	git tag -a v$(VERSION)

help: ## this list
	@awk -F ':.*## ' '/^# ---- / { gsub(/^# -+ | -+$$/, ""); title = $$0 } \
		/^[a-z-]+:.*## / { if (title) printf "%s\n", title; title = ""; \
			printf "  make %-12s %s\n", $$1, $$2 }' Makefile

-include $(shell find $(BUILD)/src $(BUILD)/tests -name '*.d' 2>/dev/null)
