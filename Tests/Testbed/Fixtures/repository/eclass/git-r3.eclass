# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: git-r3.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: unpacks a git repository

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

PROPERTIES="live"
BDEPEND="dev-vcs/git"

# @ECLASS_VARIABLE: EGIT_REPO_URI
# @REQUIRED
# @DESCRIPTION: the repository.

# @FUNCTION: git-r3_src_unpack
# @DESCRIPTION: clones the repository to S.
git-r3_src_unpack() {
	git clone --depth 1 "${EGIT_REPO_URI}" "${S}" || die
}

EXPORT_FUNCTIONS src_unpack
