# candidate: leader election on etcd. Everything built goes to $(BUILD).
BUILD ?= build
CC ?= cc
WERROR ?= 0
SANITIZE ?= 0

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -fPIC -fvisibility=hidden \
	-fstack-protector-strong $(WARNINGS) -Iinclude -Isrc -MMD -MP $(CFLAGS)
ifeq ($(WERROR),1)
ALL_CFLAGS += -Werror
endif
ifeq ($(SANITIZE),1)
ALL_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all
endif

LIBRARY_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/*.c src/*/*.c))
LIBS = $(shell pkg-config --libs libcurl libcjson 2>/dev/null || \
	echo -lcurl -lcjson)
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,\
	$(wildcard tests/unit/test_*.c))

.PHONY: all test unit lint clean
.SECONDARY:
all: $(BUILD)/libcandidate.a

$(BUILD)/libcandidate.a: $(LIBRARY_OBJ)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libcandidate.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $^ -lcmocka $(LIBS)

unit: $(UNIT_BIN)

# Installs what is missing, builds, runs every test.
test:
	@scripts/install-deps.sh
	@$(MAKE) --no-print-directory unit
	@scripts/run-tests.sh $(UNIT_BIN)

lint:
	shellcheck scripts/*.sh .ci/run
	scripts/check-layers.sh

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
