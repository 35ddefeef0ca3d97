# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

EAPI=8

PYTHON_COMPAT=( python3_{11..15} )
inherit multiprocessing python-single-r1

DESCRIPTION="Plugins for Portage: packages built on request, and a graph of the emerge"
HOMEPAGE="https://example.org/portmanteau"

if [[ ${PV} == 9999 ]]; then
	inherit git-r3
	EGIT_REPO_URI="https://example.org/portmanteau.git"
	BDEPEND=">=dev-lang/swift-6.2"
else
	SRC_URI="
		!prebuilt? (
			https://example.org/portmanteau/${P}.tar.xz
			https://example.org/portmanteau/${P}-deps.tar.xz
		)
	"
	# A prebuilt tree is linked with one libpython; a release has one for each.
	for _impl in "${PYTHON_COMPAT[@]}"; do
		for _arch in amd64 arm64; do
			SRC_URI+=" $(python_gen_cond_dep \
				"prebuilt? ( ${_arch}? ( https://example.org/portmanteau/${P}-prebuilt-${_arch}-${_impl}.tar.xz ) )" \
				"${_impl}")"
		done
	done
	unset _arch _impl
	KEYWORDS="~amd64 ~arm64"
	IUSE="prebuilt"
	BDEPEND="!prebuilt? ( >=dev-lang/swift-6.2 dev-vcs/git )"
fi

# The libraries of the dependency tarball are part of the programs.
LICENSE="GPL-2+ Apache-2.0 Apache-2.0-with-LLVM-exceptions ISC MIT openssl"
SLOT="0"
REQUIRED_USE="${PYTHON_REQUIRED_USE}"
# The tests make mount namespaces, as root, and fetch Portage.
RESTRICT="mirror test"
[[ ${PV} == 9999 ]] || RESTRICT+=" prebuilt? ( strip )"

DEPEND="
	${PYTHON_DEPS}
	dev-db/sqlite:3
	virtual/zlib:=
"
RDEPEND="
	${DEPEND}
	$(python_gen_cond_dep 'sys-apps/portage[${PYTHON_USEDEP}]')
	dev-vcs/git
	sys-apps/bubblewrap
	sys-apps/util-linux
"
BDEPEND+=" virtual/pkgconfig"

pm_is_prebuilt() {
	[[ ${PV} != 9999 ]] && use prebuilt
}

# Runs make with the flags of a release build.
pm_make() {
	emake CONFIG=release SCRATCH=.build-release \
		SWIFT_FLAGS="--disable-sandbox --jobs $(makeopts_jobs)" "$@"
}

src_unpack() {
	if [[ ${PV} != 9999 ]]; then
		default
		return
	fi
	git-r3_src_unpack
	# Only here a live ebuild has the network.
	local scratch
	for scratch in .build-hot .build-release; do
		swift package --package-path "${S}" --scratch-path "${S}/${scratch}" resolve || die
	done
}

src_prepare() {
	default
	if [[ ${PV} != 9999 ]] && ! pm_is_prebuilt; then
		local deps=${WORKDIR}/${P}-deps
		mkdir -p .swiftpm/configuration || die
		sed "s|@DEPENDENCIES@|${deps}|" "${deps}/mirrors.json" > .swiftpm/configuration/mirrors.json || die
		cp "${deps}/Package.resolved" . || die
		# What we use of the dependencies has no submodules; theirs would need the network.
		git config --global submodule.active none || die
	fi
}

src_compile() {
	pm_is_prebuilt || { pm_make build PRODUCT=portmanteau && pm_make manual; }
}

src_install() {
	if pm_is_prebuilt; then
		mkdir -p "${ED}" || die
		cp -R etc usr "${ED}" || die
		sed -i "s|@EPREFIX@|${EPREFIX}|g" "${ED}"/etc/init.d/binpkg-agent \
			"${ED}"/usr/lib/systemd/system/binpkg-agent.* || die
		QA_PREBUILT="usr/libexec/portmanteau/*"
	else
		pm_make DESTDIR="${D}" EPREFIX="${EPREFIX}" install-files
		# Swift is linked by clang, which knows no LDFLAGS of Portage.
		QA_FLAGS_IGNORED="usr/libexec/portmanteau/.*"
	fi
	einstalldocs
}

# Calls portage-hook for the machine that we run on.
pm_manage() {
	"${EROOT}/usr/libexec/portmanteau/portage-hook" "$@" --eprefix "${EROOT}"
}

pkg_postinst() {
	if [[ -n ${ROOT} ]] || ! pm_manage status &> /dev/null; then
		elog "To switch the hooks on: emerge --config =${CATEGORY}/${PF}"
	fi
}

pkg_config() {
	[[ -z ${ROOT} ]] || die "the hooks are switched on by the machine itself, without ROOT"
	pm_manage enable || die "the hooks could not be switched on"
}

pkg_prerm() {
	if [[ -z ${REPLACED_BY_VERSION} && -z ${ROOT} ]]; then
		pm_manage disable || ewarn "remove Portmanteau's line from ${EROOT}/etc/portage/bashrc by hand"
		"${EROOT}/usr/bin/olm" disable --eprefix "${EROOT}" ||
			ewarn "remove the slices of overlays from ${EROOT}/etc/portage/repos.conf by hand"
	fi
}

pkg_postrm() {
	[[ -z ${REPLACED_BY_VERSION} ]] || return
	# Slices are made again out of /etc/overlayman, which stays.
	rm -rf "${EROOT}"/{run,var/cache}/portmanteau "${EROOT}"/var/lib/portmanteau/slices || die
	rmdir --ignore-fail-on-non-empty "${EROOT}"/var/lib/portmanteau 2> /dev/null
	if [[ -d ${EROOT}/var/lib/portmanteau ]]; then
		elog "What was made with Portmanteau stays in ${EROOT}/var/lib/portmanteau."
	fi
}
