"""All that makes a package what it is on this machine: the inputs of its primary key."""

import contextlib
import hashlib
import os
import re

from portage_glue.build_dependencies import BuildDependencies, libc
from portage_glue.calls import call
from portage_glue.dependency_ebuilds import dependency_ebuilds
from portage_glue.ebuild_files import ebuild_files, files_below, is_readable_file
from portage_glue.native_flags import native_flags
from portage_glue.objects import package_settings, plain_iuse, portage_module, target_trees
from portage_glue.toolchain import toolchain

# FEATURES that change the files of the merged package.
OUTPUT_FEATURES = frozenset(
    (
        "compressdebug",
        "dedupdebug",
        "force-prefix",
        "installsources",
        "nodoc",
        "noinfo",
        "noman",
        "nostrip",
        "selinux",
        "sfperms",
        "splitdebug",
        "suidctl",
        "test",
        "xattr",
    )
)
# Files of a profile that can change what a build makes.
PROFILE_FILES = (
    "eapi",
    "make.defaults",
    "package.bashrc",
    "package.env",
    "package.use",
    "package.use.force",
    "package.use.mask",
    "package.use.stable",
    "package.use.stable.force",
    "package.use.stable.mask",
    "profile.bashrc",
    "use.force",
    "use.mask",
    "use.stable",
    "use.stable.force",
    "use.stable.mask",
)
# What package.env often sets and no file depends on.
NEUTRAL_VARIABLES = re.compile(
    r"(ACCEPT_|BINPKG_|CCACHE_|DEPGRAPH|DISTCC_|EMERGE_|PORTAGE_ELOG|PORTAGE_NICENESS|PORTAGE_TMPDIR|PORTAGE_WORKDIR"
    r"|MAKEOPTS|NINJAOPTS|FEATURES|USE$)"
)


def _portable_name(path, settings):
    """A path as REPOSITORY/REST, or user/REST below the configuration directory."""
    for repository in settings.repositories:
        prefix = repository.location.rstrip("/") + "/"
        if path.startswith(prefix):
            return f"{repository.name}/{path[len(prefix) :]}"
    prefix = _user_directory(settings) + "/"
    return f"user/{path[len(prefix) :]}" if path.startswith(prefix) else path


def _user_directory(settings):
    return os.path.join(settings["PORTAGE_CONFIGROOT"], portage_module().const.USER_CONFIG_PATH)


def _user_patches(settings, cpv, slot):
    """The patches that eapply_user would take, in its order: a patch of a more specific directory wins by its name."""
    base = os.path.join(_user_directory(settings), "patches")
    category, pf = cpv.split("/", 1)
    name, version, revision = portage_module().versions.pkgsplit(pf)
    chosen = {}
    for stem in (name, f"{name}-{version}", f"{name}-{version}-{revision}"):
        for directory in (stem, f"{stem}:{slot}"):
            path = os.path.join(base, category, directory)
            for entry in sorted(os.listdir(path)) if os.path.isdir(path) else ():
                if entry.endswith((".diff", ".patch")):
                    file = os.path.join(path, entry)
                    if os.path.exists(file) and os.path.getsize(file) > 0:
                        chosen[entry] = file
                    else:
                        chosen.pop(entry, None)
    return [
        {"name": os.path.relpath(chosen[entry], base), "path": chosen[entry]}
        for entry in sorted(chosen, key=os.fsencode)
    ]


def _bashrcs(settings):
    files = [{"name": "profile:" + _portable_name(path, settings), "path": path} for path in settings._pbashrc]
    files.append({"name": "user:bashrc", "path": os.path.join(_user_directory(settings), "bashrc")})
    return [file for file in files if is_readable_file(file["path"])]


def _env_files(settings, cpv, slot):
    base = os.path.join(_user_directory(settings), "env")
    category, pf = cpv.split("/", 1)
    name, version, _ = portage_module().versions.pkgsplit(pf)
    stems = dict.fromkeys((name, f"{name}:{slot}", f"{name}-{version}", pf))
    files = [{"name": f"{category}/{stem}", "path": os.path.join(base, category, stem)} for stem in stems]
    return [file for file in files if is_readable_file(file["path"])]


def _variables(settings, names):
    """The asked variables, and those that package.env sets for this package and a build could see."""
    wanted = set(names)
    for file in settings._penv:
        path = os.path.join(_user_directory(settings), "env", file)
        with contextlib.suppress(portage_module().exception.PortageException):
            wanted.update(portage_module().util.getconfig(path, allow_sourcing=True) or ())
    values = {name: settings.get(name) for name in wanted if not NEUTRAL_VARIABLES.match(name) or name in names}
    # Of the settings of this suite it matters whether they are set, also to nothing.
    return {
        name: value
        for name, value in sorted(values.items())
        if isinstance(value, str) and (value or name.startswith("BINPKG_"))
    }


def _profile_digest(settings):
    digest = hashlib.sha256()
    for profile in settings.profiles:
        for name in PROFILE_FILES:
            path = os.path.join(profile, name)
            files = files_below(path) if os.path.isdir(path) else [{"name": "", "path": path}]
            for file in files:
                if not is_readable_file(file["path"]):
                    continue
                with open(file["path"], "rb") as opened:
                    content = hashlib.sha256(opened.read()).hexdigest()
                label = os.path.join(_portable_name(profile, settings), name, file["name"])
                digest.update(os.fsencode(f"{label}\0{content}\n"))
    return digest.hexdigest()


def _sources(settings, cpv, use, repository):
    portdb = target_trees()["porttree"].dbapi
    ebuild, tree = portdb.findname2(cpv, myrepo=repository)
    digests = (
        settings.repositories.get_repo_for_location(tree)
        .load_manifest(os.path.dirname(ebuild), settings["DISTDIR"])
        .getTypeDigests("DIST")
    )
    sources = []
    for name, uris in sorted(portdb.getFetchMap(cpv, useflags=use, mytree=tree).items()):
        known = dict(digests.get(name, {}))
        size = known.pop("size", None)
        sources.append({"name": name, "size": size, "hashes": known, "uris": list(uris)})
    return sources


@call
def key_inputs(cpv, variables, repository=None, use_override=None):
    """All that makes the package what it is on this machine."""
    metadata, settings, use = package_settings(cpv, repository, use_override)
    return package_inputs(cpv, metadata, settings, use, BuildDependencies(metadata, use), variables)


def configured_inputs(cpv, metadata, settings, variables):
    """The part of the key inputs that the configuration decides, of settings that are those of the package already."""
    keywords = settings._keywords_manager.getPKeywords(settings.mycpv, None, None, settings.get("ACCEPT_KEYWORDS", ""))
    slot = metadata["SLOT"].partition("/")[0]
    return {
        "patches": _user_patches(settings, cpv, slot),
        "bashrcs": _bashrcs(settings),
        "envs": _env_files(settings, cpv, slot),
        "chost": settings.get("CHOST", ""),
        "cbuild": settings.get("CBUILD") or settings.get("CHOST", ""),
        "eprefix": settings.get("EPREFIX", ""),
        "tmpdir": settings.get("PORTAGE_TMPDIR", ""),
        "variables": _variables(settings, variables),
        "features": sorted(OUTPUT_FEATURES.intersection(settings.features)),
        "profiles": list(settings.profiles),
        "acceptedKeywords": sorted(set(settings.get("ACCEPT_KEYWORDS", "").split()).union(keywords)),
        "properties": sorted(set(settings.get("PORTAGE_PROPERTIES", "").split())),
        "restrict": sorted(set(settings.get("PORTAGE_RESTRICT", "").split())),
    }


def package_inputs(cpv, metadata, settings, use, dependencies, variables, known=None, configured=None):
    """All key inputs of a package.

    `known` keeps, from one package of a call to the next, what is the same for all of them. With `configured`, which is
    what `configured_inputs` gave, the settings need not be those of the package, and the sources are left out."""
    known = {} if known is None else known
    profiles = tuple(settings.profiles)
    if profiles not in known:
        known[profiles] = (_profile_digest(settings), libc(), toolchain(settings))
    profile_digest, libc_package, tools = known[profiles]
    repository = metadata["repository"]
    files = ebuild_files(cpv, metadata)
    configured_part = configured or configured_inputs(cpv, metadata, settings, variables)
    slot, _, sub_slot = metadata["SLOT"].partition("/")
    return {
        "cpv": cpv,
        "repository": repository,
        "eapi": metadata["EAPI"],
        "slot": slot,
        "subSlot": sub_slot or slot,
        **files,
        "use": sorted(use),
        "iuse": plain_iuse(metadata),
        "profileDigest": profile_digest,
        "sources": [] if configured else _sources(settings, cpv, use, repository),
        "buildDependencies": dependencies.packages(),
        "dependencyEbuilds": dependency_ebuilds((cpv, repository), dependencies),
        "toolchain": tools,
        "unsatisfied": dependencies.unsatisfied,
        "libc": libc_package,
        **configured_part,
        "nativeFlags": native_flags(
            configured_part["chost"],
            configured_part["cbuild"],
            configured_part["variables"].get("CC", ""),
            f"{settings.get('PATH', '')}:{os.environ.get('PATH', '')}",
            configured_part["variables"],
        ),
    }
