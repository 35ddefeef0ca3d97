"""Binary packages that do not exist yet, as Portage's resolver sees those of a binary package host.

Nothing of this is ever written: the resolver asks, and each package is made up when it is looked at.
"""

from portage_glue.objects import DEPENDENCY_KINDS, portage_module

KEYS = frozenset(
    DEPENDENCY_KINDS
    + (
        "BUILD_ID",
        "BUILD_TIME",
        "CHOST",
        "DEFINED_PHASES",
        "EAPI",
        "IUSE",
        "KEYWORDS",
        "LICENSE",
        "MD5",
        "PROPERTIES",
        "PROVIDES",
        "REQUIRES",
        "RESTRICT",
        "SIZE",
        "SLOT",
        "USE",
        "USER_PATCHES",
        "_mtime_",
        "repository",
    )
)
EBUILD_KEYS = DEPENDENCY_KINDS + (
    "DEFINED_PHASES",
    "EAPI",
    "IUSE",
    "KEYWORDS",
    "LICENSE",
    "PROPERTIES",
    "RESTRICT",
    "SLOT",
    "repository",
)
SOURCE_PHASES = frozenset(("unpack", "prepare", "configure", "compile", "test", "install"))


def is_compiled(portdb, cpv, repository, metadata):
    """Whether an ebuild builds something, rather than being there for its dependencies or its users alone."""
    if cpv.partition("/")[0] in ("virtual", "acct-group", "acct-user"):
        return False
    # What fetches its sources itself, as live ebuilds do, has a phase for that.
    if SOURCE_PHASES.intersection(metadata["DEFINED_PHASES"].split()) or "live" in metadata["PROPERTIES"].split():
        return True
    return bool(portdb.aux_get(cpv, ["SRC_URI"], myrepo=repository)[0])


class OfferedTree:
    """What stands in place of the tree of binary packages."""

    populated = True
    pkgdir = ""

    def __init__(self, offers):
        self.dbapi = offers
        self.settings = offers.settings
        offers.bintree = self

    def populate(self, **_):
        """Nothing has to be read."""

    def isremote(self, _):
        return False

    def download_required(self, _):
        return False

    def get_pkgindex_uri(self, _):
        return None

    def get_local_repo(self, _):
        return None

    def _propagate_config(self, _):
        return True


def make_offers(portdb, settings, refused, everything, configured):
    """A database of one binary package for each ebuild.

    `configured(cpv, metadata, settings)` is called for each that is looked at, with the settings of that package; what
    it returns is kept in `configured` of the database, by package and repository.
    `refused` has pairs of package and repository that are not offered. Unless `everything` is wanted, neither is what
    needs no compiler: it is merged from its ebuild as quickly.
    """
    from portage.dbapi import dbapi

    portage = portage_module()

    class Offers(dbapi):
        _aux_cache_keys = KEYS
        _provides_index = False

        def __init__(self):
            super().__init__()
            self.settings = settings
            self._found = {}
            self.configured = {}

        def cp_list(self, cp, use_cache=1):
            return [
                portage.versions._pkg_str(str(cpv), repo=cpv.repo, build_time=number, settings=settings, db=self)
                for number, cpv in enumerate(portdb.cp_list(cp), 1)
                if (str(cpv), cpv.repo) not in refused
            ]

        def cp_all(self, sort=False):
            return portdb.cp_all(sort=sort)

        def cpv_exists(self, cpv, myrepo=None):
            return bool(portdb.cpv_exists(cpv, myrepo=myrepo))

        def aux_get(self, cpv, wants, myrepo=None):
            key = (str(cpv), myrepo or getattr(cpv, "repo", None))
            if key not in self._found:
                self._found[key] = self._offer(*key)
            offer = self._found[key]
            if offer is None:
                raise KeyError(key[0])
            return [offer.get(name, "") for name in wants]

        def _offer(self, cpv, repository):
            values = portdb.aux_get(cpv, list(EBUILD_KEYS), myrepo=repository)
            metadata = dict(zip(EBUILD_KEYS, values))
            if not everything and not is_compiled(portdb, cpv, repository, metadata):
                return None
            package = portage.versions._pkg_str(cpv, metadata=metadata, settings=settings)
            settings.setcpv(package, mydb=metadata)
            use = frozenset(settings["PORTAGE_USE"].split())
            self.configured[cpv, repository] = configured(cpv, metadata, settings)
            for kind in DEPENDENCY_KINDS:
                metadata[kind] = _evaluated(metadata[kind], use, metadata["EAPI"])
            return {
                **metadata,
                "BUILD_TIME": "1",
                "CHOST": settings.get("CHOST", ""),
                "SIZE": "",
                "USE": " ".join(sorted(use)),
                "USER_PATCHES": settings.userPatchDigest(package),
            }

    def _evaluated(text, use, eapi):
        dep = portage.dep
        tree = dep.use_reduce(text, uselist=use, eapi=eapi, token_class=dep.Atom)

        def plain(part):
            if isinstance(part, list):
                return [plain(item) for item in part]
            if isinstance(part, dep.Atom) and part.use is not None:
                return str(part.evaluate_conditionals(use))
            return str(part)

        return dep.paren_enclose(plain(tree))

    return Offers()
