# Portmanteau's single door. `make` alone lists what can be done.

EPREFIX ?=
DESTDIR ?=
CONFIG  ?= debug
SWIFT   ?= swift
SCRATCH ?= .build
# For packagers: more flags for every build.
SWIFT_FLAGS ?=
# One product only, beside the hot programs; all when empty.
PRODUCT ?=
# The one place of the version.
VERSION := $(shell sed -n 's/^ *public static let text = "\(.*\)"$$/\1/p' Sources/SuiteVersion/SuiteVersion.swift)

# What the phases of emerge run links Glibc and nothing else: the Swift runtime statically, and, since the driver would
# take the shared ones, a library directory that holds only the static libstdc++. Generic types are asked for by their
# functions and not by their names, which would be taken apart anew in each phase.
HOT_SCRATCH = .build-hot
HOTDIR      = $(HOT_SCRATCH)/release
HOT_FLAGS   = -c release --scratch-path $(HOT_SCRATCH) --static-swift-stdlib --disable-local-rpath \
              -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
              -Xlinker -L$(CURDIR)/$(HOT_SCRATCH)/static -Xswiftc -Xclang-linker -Xswiftc -static-libgcc
BINDIR      = $(SCRATCH)/$(CONFIG)
# What is installed needs no Swift.
FLAGS_release = --static-swift-stdlib --disable-local-rpath

# The names of portmanteau; each is a tool.
TOOLS = depgraph binpkg olm overlayman fastrel binpkgd

# What the tools' own definitions say of them: manual pages and completions.
GENERATED = $(BINDIR)/share

# The compilers that distcc-guard stands in for.
CHOST      ?= $(shell gcc -dumpmachine)
MASQUERADE ?= gcc g++ cc c++ $(CHOST)-gcc $(CHOST)-g++ $(CHOST)-c++

export PORTMANTEAU_HOTDIR = $(abspath $(HOTDIR))

INSTALL         ?= install
INSTALL_PROGRAM ?= $(INSTALL) -m 0755
INSTALL_DATA    ?= $(INSTALL) -m 0644
UNITDIR         ?= /usr/lib/systemd/system
# What init files name as EPREFIX; a tree that is installed later keeps the mark.
INIT_EPREFIX    ?= $(EPREFIX)
ROOT_DIR         = $(DESTDIR)$(EPREFIX)
LIBEXEC          = $(ROOT_DIR)/usr/libexec/portmanteau

# Runs a step, and says how long it took.
TIMED = bash -c 's=$$SECONDS; printf "\n== %s\n" "$$0"; "$$@"; c=$$?; printf "== %s: %s s\n" "$$0" $$((SECONDS - s)); exit $$c'

.PHONY: help demo build manual test soak check format bench install install-files dist dist-files setup hot tests-build \
  clean

help:
	@echo 'make demo      set up, build, and show the main job on machines of the testbed'
	@echo 'make test      set up, build, and run every test'
	@echo 'make build     build the programs'
	@echo 'make soak      what takes long: the properties of the drawing many more times, the ebuild from source, a long merge watched'
	@echo 'make check     format, lint, shell and Python checks, and the import table'
	@echo 'make format    write the format that make check wants'
	@echo 'make bench     measure (BINHOST_PACKAGES=20000: as many in the public binhost, instead of 2000)'
	@echo 'make install   build for release and install (DESTDIR, EPREFIX)'
	@echo 'make dist      build for release and write the files of a release to dist/ (CONFIG=debug: without that build)'
	@echo 'make clean     remove what was built, and the testbed'

setup:
	@$(TIMED) set-up Tests/Testbed/setup

hot:
	@mkdir -p $(HOT_SCRATCH)/static
	@ln -sf "$$(gcc -print-file-name=libstdc++.a)" $(HOT_SCRATCH)/static/libstdc++.a
	@$(TIMED) 'build, portage-hook' $(SWIFT) build $(HOT_FLAGS) $(SWIFT_FLAGS) --product portage-hook
	@$(TIMED) 'build, distcc-guard' $(SWIFT) build $(HOT_FLAGS) $(SWIFT_FLAGS) --product distcc-guard

build: hot
	@$(TIMED) 'build' $(SWIFT) build --scratch-path $(SCRATCH) -c $(CONFIG) $(FLAGS_$(CONFIG)) $(SWIFT_FLAGS) \
	  $(if $(PRODUCT),--product $(PRODUCT))

# Of the tools that are built.
manual: DATE = $(shell date -u -d "@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2> /dev/null || echo 0)}" +%F)
manual:
	@$(TIMED) 'build, generate-manual' $(SWIFT) build --scratch-path $(SCRATCH) -c $(CONFIG) $(FLAGS_$(CONFIG)) \
	  $(SWIFT_FLAGS) --product generate-manual
	@rm -rf $(GENERATED)
	@mkdir -p $(GENERATED)/bash $(GENERATED)/zsh $(GENERATED)/fish $(GENERATED)/man
	@set -e; for tool in $(filter-out overlayman,$(TOOLS)); do \
	  ln -s ../portmanteau $(GENERATED)/$$tool; \
	  $(BINDIR)/generate-manual $(GENERATED)/$$tool --date $(DATE) -o $(GENERATED)/man; \
	  $(GENERATED)/$$tool --generate-completion-script bash > $(GENERATED)/bash/$$tool; \
	  $(GENERATED)/$$tool --generate-completion-script zsh > $(GENERATED)/zsh/_$$tool; \
	  $(GENERATED)/$$tool --generate-completion-script fish > $(GENERATED)/fish/$$tool.fish; \
	done
	@echo .so man1/olm.1 > $(GENERATED)/man/overlayman.1

tests-build: hot
	@$(TIMED) 'build with tests' $(SWIFT) build --scratch-path $(SCRATCH) --build-tests

# What only computes runs apart: it keeps all cores busy for a while, and others wait for answers. So do what uses no
# machine of the testbed, builds that take all that they can get, and what is watched in a terminal.
PURE     = PackageModelTests|DependencyGraphTests|TerminalDrawingTests|GraphDrawingTests
GREEDY   = BuildLimitTests
TERMINAL = LiveViewTests
MACHINES = IntegrationTests
test: setup tests-build manual
	@$(TIMED) 'tests, pure' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(PURE)'
	@$(TIMED) 'tests, greedy' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(GREEDY)'
	@$(TIMED) 'tests, terminal' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(TERMINAL)'
	@$(TIMED) 'tests, parts' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --skip '$(PURE)|$(MACHINES)'
	@$(TIMED) 'tests, machines' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(MACHINES)' \
	  --skip '$(GREEDY)|$(TERMINAL)'

# What takes long, and is not for every change.
soak: export PORTMANTEAU_SOAK = 1
soak: setup tests-build manual
	@$(TIMED) 'soak, pure' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(PURE)'
	@$(TIMED) 'soak, terminal' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build --filter '$(TERMINAL)'
	@$(TIMED) 'soak, machines' $(SWIFT) test --scratch-path $(SCRATCH) --skip-build \
	  --filter '$(MACHINES)\.(EbuildTests|OddPackageTests)'

demo: setup build
	@$(TIMED) demo $(BINDIR)/testbed demo

# The tools as they are installed, built for release, on machines of the testbed. With 20000 packages in a public binhost
# what Portage needs for them takes long.
BINHOST_PACKAGES ?= 2000
bench: setup
	@$(MAKE) --no-print-directory build CONFIG=release SCRATCH=.build-release
	@$(TIMED) bench .build-release/release/bench all --binhost-packages $(BINHOST_PACKAGES)

check:
	@.ci/check

format:
	@git ls-files -z '*.swift' | xargs -0 $(SWIFT) format format -i

install:
	@$(MAKE) --no-print-directory build CONFIG=release SCRATCH=.build-release PRODUCT=portmanteau
	@$(MAKE) --no-print-directory manual install-files CONFIG=release SCRATCH=.build-release

# Only copies; the testbed calls it with INSTALL_PROGRAM='ln -sf' to try what was just built.
install-files:
	@mkdir -p $(LIBEXEC) $(ROOT_DIR)/usr/bin $(ROOT_DIR)/usr/share/portmanteau/hooks \
	  $(ROOT_DIR)/etc/portmanteau $(ROOT_DIR)/etc/portage/postsync.d
	@$(INSTALL_PROGRAM) $(abspath $(HOTDIR))/portage-hook $(LIBEXEC)/portage-hook
	@$(INSTALL_PROGRAM) $(abspath $(BINDIR))/portmanteau $(LIBEXEC)/portmanteau
	@$(INSTALL_PROGRAM) $(abspath $(HOTDIR))/distcc-guard $(ROOT_DIR)/usr/bin/distcc-guard
	@mkdir -p $(LIBEXEC)/masquerade
	@for name in $(MASQUERADE); do ln -sf ../../../bin/distcc-guard $(LIBEXEC)/masquerade/$$name; done
	@for tool in $(TOOLS); do ln -sf ../libexec/portmanteau/portmanteau $(ROOT_DIR)/usr/bin/$$tool; done
	@$(INSTALL_DATA) portage-hooks/bashrc $(ROOT_DIR)/usr/share/portmanteau/hooks/bashrc
	@$(INSTALL) -m 0755 portage-hooks/postsync.d/50-portmanteau $(ROOT_DIR)/etc/portage/postsync.d/50-portmanteau
	@set -e; share() { mkdir -p $(ROOT_DIR)/usr/share/$$1; $(INSTALL_DATA) $$2 $(ROOT_DIR)/usr/share/$$1; }; \
	  share man/man8 'Documentation/man/*.8'; share man/man1 'Documentation/man/*.1'; \
	  if [ -e $(GENERATED)/man ]; then \
	    share man/man1 '$(GENERATED)/man/*'; share bash-completion/completions '$(GENERATED)/bash/*'; \
	    share zsh/site-functions '$(GENERATED)/zsh/*'; share fish/vendor_completions.d '$(GENERATED)/fish/*'; \
	  fi
	@mkdir -p $(ROOT_DIR)/etc/init.d $(ROOT_DIR)$(UNITDIR)
	@sed 's|@EPREFIX@|$(INIT_EPREFIX)|g' portage-hooks/init.d/binpkg-agent > $(ROOT_DIR)/etc/init.d/binpkg-agent
	@chmod 0755 $(ROOT_DIR)/etc/init.d/binpkg-agent
	@for unit in service socket; do sed 's|@EPREFIX@|$(INIT_EPREFIX)|g' portage-hooks/systemd/binpkg-agent.$$unit \
	  > $(ROOT_DIR)$(UNITDIR)/binpkg-agent.$$unit; done
	@test -e $(ROOT_DIR)/etc/portmanteau/hooks.conf || \
	  $(INSTALL_DATA) portage-hooks/hooks.conf $(ROOT_DIR)/etc/portmanteau/hooks.conf

# The release's sources, the packages they need, the installed tree, and the lines of the Manifest.
dist: DIST_CONFIG = $(if $(filter command line,$(origin CONFIG)),$(CONFIG),release)
dist: DIST_SCRATCH = $(if $(filter release,$(DIST_CONFIG)),.build-release,$(SCRATCH))
dist:
	@$(MAKE) --no-print-directory build CONFIG=$(DIST_CONFIG) SCRATCH=$(DIST_SCRATCH) PRODUCT=portmanteau
	@$(MAKE) --no-print-directory manual dist-files CONFIG=$(DIST_CONFIG) SCRATCH=$(DIST_SCRATCH)

DIST       ?= dist
DIST_PARTS ?= source deps prebuilt manifest
# Of what is built.
dist-files:
	@SCRATCH=$(SCRATCH) BINDIR=$(abspath $(BINDIR)) HOTDIR=$(abspath $(HOTDIR)) \
	  .ci/dist $(DIST) $(VERSION) $(DIST_PARTS)

clean:
	rm -rf .build .build-hot .build-release .testbed dist
