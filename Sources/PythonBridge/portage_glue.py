"""What Portmanteau asks Portage.

Every function call_NAME takes the members of a JSON object and returns a JSON value. `dispatch` calls one of them; the
embedded interpreter calls it directly, a child runs `serve`. Portage's files are only read.

A file name outside UTF-8 is a Python string with surrogate escapes. JSON and Swift have no such strings: each byte
0xNN of it travels as U+10FENN, and so does each byte of a real character of that range, which makes this reversible.
"""

import configparser
import contextlib
import functools
import hashlib
import io
import json
import os
import re
import signal
import stat
import sys

OUTPUT_LIMIT = 4000
BYTE_BASE = 0x10FE00
DEPENDENCY_KINDS = ("BDEPEND", "DEPEND", "RDEPEND", "PDEPEND", "IDEPEND")
BUILD_KINDS = ("BDEPEND", "DEPEND")
METADATA = DEPENDENCY_KINDS + (
    "DEFINED_PHASES",
    "EAPI",
    "INHERITED",
    "IUSE",
    "KEYWORDS",
    "LICENSE",
    "PROPERTIES",
    "REQUIRED_USE",
    "RESTRICT",
    "SLOT",
    "repository",
)
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


class GlueError(Exception):
    """Something that was asked for does not exist, or does not have the form it should have."""


# Text between Python and JSON


def to_text(value):
    """The value with each string as JSON can carry it."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return re.sub("[\ud800-\udfff\U0010fe80-\U0010feff]", _character_to_text, value)
    if isinstance(value, dict):
        return {to_text(key): to_text(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_text(item) for item in value]
    return value


def _character_to_text(match):
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return chr(BYTE_BASE + code - 0xDC00)
    if code >= BYTE_BASE:
        return "".join(chr(BYTE_BASE + byte) for byte in match.group().encode())
    return "\ufffd"


def from_text(value):
    """The reverse of to_text."""
    if isinstance(value, str):
        if value.isascii():
            return value
        text = re.sub("[\U0010fe80-\U0010feff]", lambda m: chr(0xDC00 + ord(m.group()) - BYTE_BASE), value)
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {from_text(key): from_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_text(item) for item in value]
    return value


# Calls


def dispatch(function, argument):
    """Calls a function: bytes in; `+` and the JSON of its value, or `-` and that of an error, out."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            known = globals().get("call_" + function)
            if known is None:
                raise GlueError(f"no function {function}")
            value = known(**from_text(json.loads(argument)))
            reply = "+" + json.dumps(to_text(value), ensure_ascii=True, allow_nan=False)
    except BaseException as error:  # noqa: BLE001 - nothing of Python may pass this line
        output = printed.buffer.getvalue()[-OUTPUT_LIMIT:].decode("utf-8", "replace")
        reply = "-" + json.dumps(
            {"type": type(error).__name__, "message": to_text(_message(error)), "output": output}, ensure_ascii=True
        )
    finally:
        default_signals()
    return reply.encode("ascii")


def _message(error):
    if isinstance(error, SystemExit):
        return (
            "exit code 0"
            if error.code is None
            else str(error.code)
            if not isinstance(error.code, int)
            else (f"exit code {error.code}")
        )
    try:
        return _parsed_file(error) + str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the error
        return ""


def _parsed_file(error):
    """The configuration file that Portage was reading, where its exception does not name it."""
    trace = error.__traceback__
    path = ""
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "getconfig":
            path = str(trace.tb_frame.f_locals.get("mycfg", ""))
        trace = trace.tb_next
    return f"{path}: " if path and path not in str(error) else ""


def default_signals():
    """Importing signal and Portage installs Python's handlers, which never run while a call blocks."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def serve():
    """Answers one line after the other until standard input ends."""
    default_signals()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        function, _, argument = line.rstrip(b"\n").partition(b" ")
        replies.write(dispatch(function.decode("ascii", "replace"), argument) + b"\n")
        replies.flush()
    call_exit()


def call_exit():
    """Runs what Portage registered for its end."""
    process = sys.modules.get("portage.process")
    if process is not None:
        process.run_exitfuncs()


def call_python():
    """The interpreter's own facts."""
    return {"version": ".".join(map(str, sys.version_info[:3])), "executable": sys.executable, "prefix": sys.prefix}


# Portage's objects


def _portage():
    import portage

    if portage.settings.get("RPMDIR") is None:
        # Portage's own event loop would wait for ever for the first ebuild without metadata cache.
        raise GlueError("Portage is not installed completely: its make.globals is missing")
    return portage


def _own_settings():
    """A copy of the settings that may be changed for one package."""
    portage = _portage()
    return portage.config(clone=portage.settings)


def _target():
    """The trees of the root that emerge merges into."""
    trees = _portage().db
    return trees[trees._target_eroot]


def _running():
    """The trees of the running system."""
    trees = _portage().db
    return trees[trees._running_eroot]


def _ebuild_metadata(portdb, cpv, repository=None):
    try:
        values = portdb.aux_get(cpv, list(METADATA), myrepo=repository)
    except KeyError:
        where = f" in repository {repository}" if repository else ""
        raise GlueError(f"there is no valid ebuild for {cpv}{where}") from None
    return dict(zip(METADATA, values))


def _package_settings(cpv, repository, use_override=None):
    """The ebuild's metadata, settings for it, and its effective USE."""
    metadata = _ebuild_metadata(_target()["porttree"].dbapi, cpv, repository)
    settings = _own_settings()
    settings.setcpv(cpv, mydb=metadata)
    use = settings["PORTAGE_USE"].split() if use_override is None else use_override
    return metadata, settings, frozenset(use)


def _plain_iuse(metadata):
    return sorted({flag.lstrip("+-") for flag in metadata["IUSE"].split()})


# Simple questions


def call_settings(names):
    """The values of variables; unset ones are left out."""
    settings = _portage().settings
    return {name: value for name in names if isinstance(value := settings.get(name), str)}


def call_best_visible(atom):
    """The best version that nothing masks, or None."""
    portage = _portage()
    wanted = portage.dep.Atom(atom, allow_repo=True)
    best = _target()["porttree"].dbapi.xmatch("bestmatch-visible", wanted)
    if not best:
        return None
    return {"cpv": str(best), "repository": best.repo, "slot": best.slot, "subSlot": best.sub_slot}


def call_use_flags(cpv, repository=None, use_override=None):
    """The USE flags of an ebuild."""
    metadata, settings, use = _package_settings(cpv, repository, use_override)
    iuse = _plain_iuse(metadata)
    return {
        "use": sorted(use),
        "iuse": iuse,
        "forced": [flag for flag in iuse if flag in settings.useforce],
        "masked": [flag for flag in iuse if flag in settings.usemask],
    }


# The merge list


def _read_mtimedb(path):
    """The `resume` of mtimedb, checked, and the file's stamp. The file is never written."""
    portage = _portage()
    if path is None:
        path = os.path.join(portage.settings["EROOT"], portage.const.CACHE_PATH, "mtimedb")
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return {}, ""
    stamp = f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
    try:
        resume = json.loads(content or b"{}").get("resume") or {}
        resume.get("mergelist")
    except (ValueError, AttributeError, RecursionError):
        raise GlueError(f"{path} is not a mtimedb") from None
    return resume, stamp


def _merge_entries(resume):
    entries = []
    lines = resume.get("mergelist") or []
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, list) or len(line) < 4 or not all(isinstance(part, str) for part in line[:4]):
            raise GlueError(f"mtimedb has a line in its merge list that is not understood: {line!r}")
        kind, root, cpv, operation = line[:4]
        if operation == "merge":
            entries.append({"type": kind, "root": root, "cpv": cpv})
    return entries


def call_merge_list(mtimedb=None):
    """What emerge still has to merge."""
    resume, stamp = _read_mtimedb(mtimedb)
    return {"entries": _merge_entries(resume), "stamp": stamp}


class ListedPackage:
    """A package of the merge list, with all that is needed to match atoms against it."""

    def __init__(self, index, entry, metadata, use, package):
        self.index = index
        self.kind = entry["type"]
        self.root = entry["root"]
        self.cpv = entry["cpv"]
        self.metadata = metadata
        self.use = use
        self.iuse = {flag.lstrip("+-") for flag in metadata.get("IUSE", "").split()}
        self.package = package

    def fits(self, atom):
        """Whether the atom matches this package, its USE included."""
        if not _portage().dep.match_from_list(atom.without_use, [self.package]):
            return False
        wanted = atom.use
        if wanted is None:
            return True
        for flag in wanted.enabled:
            if flag not in self.use and (flag in self.iuse or flag not in wanted.missing_enabled):
                return False
        for flag in wanted.disabled:
            if flag in self.use or (flag not in self.iuse and flag in wanted.missing_enabled):
                return False
        return True


def _favorite_repositories(favorites):
    """Atoms that the user gave with a repository: emerge took the package from there."""
    portage = _portage()
    atoms = []
    for favorite in favorites if isinstance(favorites, list) else []:
        try:
            atom = portage.dep.Atom(favorite, allow_repo=True)
        except (portage.exception.InvalidAtom, TypeError):
            continue
        if atom.repo:
            atoms.append(atom)
    return atoms


def _binary_indexes(trees):
    """The stanzas of PKGDIR's index and of the cached ones of binary hosts, by CPV. Nothing is fetched or written."""
    portage = _portage()
    bintree = trees["bintree"]
    paths = [os.path.join(bintree.pkgdir, "Packages")]
    for directory, _, names in os.walk(os.path.join(trees["vartree"].settings["EROOT"], "var/cache/edb")):
        if "Packages" in names and "/binhost" in directory:
            paths.append(os.path.join(directory, "Packages"))
    found = {}
    for path in paths:
        index = bintree._new_pkgindex()
        with (
            contextlib.suppress(OSError, portage.exception.PortageException),
            open(path, encoding="utf-8", errors="replace") as file,
        ):
            index.read(file)
        for stanza in index.packages:
            found.setdefault(stanza.get("CPV"), []).append(stanza)
    return found


class MergeGraph:
    """The dependencies of a merge list, each evaluated by Portage and matched against the list, then the system."""

    def __init__(self, resume):
        portage = _portage()
        self.portage = portage
        self.settings = _own_settings()
        self.binaries = {}
        self.built_instances = resume.get("binpkgs") or []
        favorites = _favorite_repositories(resume.get("favorites"))
        self.listed = [self._load(i, entry, favorites) for i, entry in enumerate(_merge_entries(resume))]
        self.by_name = {}
        for package in self.listed:
            if package.package is not None:
                self.by_name.setdefault((package.root, package.package.cp), []).append(package)
        self.installed = {}
        self.edges = {}
        for package in self.listed:
            self._add_dependencies(package)

    def _trees(self, root):
        trees = self.portage.db
        return trees[root] if root in trees else _target()

    def _load(self, index, entry, favorites):
        metadata, use = {}, frozenset()
        cpv = entry["cpv"]
        try:
            if entry["type"] == "binary":
                metadata = self._binary_metadata(entry)
                use = frozenset(metadata.get("USE", "").split())
            if not metadata:
                metadata = self._source_metadata(entry, favorites)
                self.settings.setcpv(cpv, mydb=metadata)
                use = frozenset(self.settings["PORTAGE_USE"].split())
            package = self.portage.versions._pkg_str(
                cpv, metadata=metadata, settings=self.settings, repo=metadata.get("repository") or None
            )
        except (GlueError, self.portage.exception.PortageException):
            # The list may name what is gone by now: a node without edges.
            return ListedPackage(index, entry, metadata, use, None)
        return ListedPackage(index, entry, metadata, use, package)

    def _source_metadata(self, entry, favorites):
        portdb = self._trees(entry["root"])["porttree"].dbapi
        metadata = _ebuild_metadata(portdb, entry["cpv"])
        for atom in favorites:
            if self.portage.dep.match_from_list(atom.without_repo.without_use, [entry["cpv"]]):
                with contextlib.suppress(GlueError):
                    return _ebuild_metadata(portdb, entry["cpv"], atom.repo)
        return metadata

    def _binary_metadata(self, entry):
        root = entry["root"]
        if root not in self.binaries:
            self.binaries[root] = _binary_indexes(self._trees(root))
        stanzas = self.binaries[root].get(entry["cpv"], [])
        if not stanzas:
            return {}
        chosen = stanzas[-1]
        for instance in self.built_instances if isinstance(self.built_instances, list) else []:
            if isinstance(instance, dict) and instance.get("CPV") == entry["cpv"]:
                for stanza in stanzas:
                    if stanza.get("BUILD_TIME") == str(instance.get("BUILD_TIME")):
                        chosen = stanza
        metadata = {key: chosen.get(key, "") for key in METADATA + ("USE",)}
        metadata["repository"] = chosen.get("REPO") or chosen.get("repository", "")
        metadata["EAPI"] = metadata["EAPI"] or "0"
        metadata["SLOT"] = metadata["SLOT"] or "0"
        return metadata

    def _root_of(self, kind, package):
        running = self.portage.db._running_eroot
        if kind in ("RDEPEND", "PDEPEND"):
            return package.root
        if kind in ("BDEPEND", "IDEPEND"):
            return running
        if not self.portage.eapi.eapi_has_bdepend(package.metadata["EAPI"]):
            return running
        return package.root if self.settings["ESYSROOT"] == self.settings["EROOT"] else running

    def _add_dependencies(self, package):
        if package.package is None:
            return
        for kind in DEPENDENCY_KINDS:
            text = package.metadata.get(kind)
            if not text or (package.kind == "binary" and kind in BUILD_KINDS):
                continue
            try:
                tree = self.portage.dep.use_reduce(
                    text,
                    uselist=package.use,
                    eapi=package.metadata["EAPI"],
                    token_class=self.portage.dep.Atom,
                )
            except self.portage.exception.InvalidDependString:
                continue
            found = {}
            self._all_of(tree, package, self._root_of(kind, package), found)
            for target, maybe in found.items():
                kinds, only_maybe = self.edges.get((package.index, target), ((), True))
                self.edges[(package.index, target)] = (kinds + (kind,), only_maybe and maybe)

    def _all_of(self, tree, package, root, found, maybe=False):
        """Adds what satisfies every part of a group. Returns whether all are satisfied, and whether by the list."""
        satisfied, listed = True, False
        parts = iter(tree)
        for part in parts:
            if part == "||":
                one, from_list = self._any_of(next(parts, []), package, root, found, maybe)
            elif isinstance(part, list):
                one, from_list = self._all_of(part, package, root, found, maybe)
            else:
                one, from_list = self._atom(part, package, root, found, maybe)
            satisfied &= one
            listed |= from_list
        return satisfied, listed

    def _any_of(self, alternatives, package, root, found, maybe):
        """Adds the satisfied alternatives that the list has a part in; without one, the first satisfied."""
        options = []
        parts = iter(alternatives)
        for part in parts:
            option = {}
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            satisfied, listed = self._all_of(group, package, root, option)
            if satisfied:
                options.append((listed, option))
        chosen = [option for listed, option in options if listed] or [option for _, option in options[:1]]
        unsure = maybe or len(options) > 1
        for option in chosen:
            for target, one_maybe in option.items():
                found[target] = found.get(target, True) and (unsure or one_maybe)
        return bool(options), any(listed for listed, _ in options)

    def _atom(self, atom, package, root, found, maybe):
        if atom.blocker:
            return True, False
        if atom.use is not None:
            atom = atom.evaluate_conditionals(package.use)
        candidates = [
            other for other in self.by_name.get((root, atom.cp), ()) if other is not package and other.fits(atom)
        ]
        if candidates:
            best = self.portage.versions.best([other.package for other in candidates])
            target = next(other.index for other in candidates if other.package == best)
            found[target] = found.get(target, True) and (maybe or len(candidates) > 1)
            return True, True
        matches = self._trees(root)["vartree"].dbapi.match(atom)
        if not matches:
            return False, False
        target = self._installed_node(root, matches[-1])
        found[target] = found.get(target, True) and maybe
        return True, False

    def _installed_node(self, root, cpv):
        key = (root, str(cpv))
        if key not in self.installed:
            self.installed[key] = len(self.listed) + len(self.installed)
        return self.installed[key]

    def report(self):
        """The graph as JSON; installed packages that only a discarded alternative named are left out."""
        nodes = [
            {
                "cpv": package.cpv,
                "root": package.root,
                "repo": package.metadata.get("repository", ""),
                "state": "waiting",
                "type": package.kind,
            }
            for package in self.listed
        ]
        used = {target for _, target in self.edges}
        number = {index: index for index in range(len(nodes))}
        for (root, cpv), index in self.installed.items():
            if index in used:
                number[index] = len(nodes)
                repository = self._trees(root)["vartree"].dbapi.aux_get(cpv, ["repository"])[0]
                nodes.append({"cpv": cpv, "root": root, "repo": repository, "state": "installed", "type": "installed"})
        edges = [
            {"from": source, "to": number[target], "kinds": kinds, "maybe": maybe}
            for (source, target), (kinds, maybe) in self.edges.items()
        ]
        edges.sort(key=lambda edge: (edge["from"], edge["to"]))
        return {"nodes": nodes, "edges": edges}


def call_dependency_graph(mtimedb=None):
    """The packages of the merge list, what they need directly, and why."""
    resume, _ = _read_mtimedb(mtimedb)
    return MergeGraph(resume).report()


# Inputs of the primary key


def _portable_name(path, settings):
    """A path as REPOSITORY/REST, or user/REST below the configuration directory."""
    for repository in settings.repositories:
        prefix = repository.location.rstrip("/") + "/"
        if path.startswith(prefix):
            return f"{repository.name}/{path[len(prefix) :]}"
    prefix = _user_directory(settings) + "/"
    return f"user/{path[len(prefix) :]}" if path.startswith(prefix) else path


def _user_directory(settings):
    return os.path.join(settings["PORTAGE_CONFIGROOT"], _portage().const.USER_CONFIG_PATH)


def _readable_file(path):
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.R_OK)
    except OSError:
        return False


def _files_below(directory):
    """Regular files, and links to such, as name and path, sorted by name."""
    found = []
    for parent, directories, names in os.walk(directory):
        directories.sort()
        for name in names:
            path = os.path.join(parent, name)
            if _readable_file(path):
                found.append({"name": os.path.relpath(path, directory), "path": path})
    return sorted(found, key=lambda file: os.fsencode(file["name"]))


def _user_patches(settings, cpv, slot):
    """The patches that eapply_user would take, in its order: a patch of a more specific directory wins by its name."""
    base = os.path.join(_user_directory(settings), "patches")
    category, pf = cpv.split("/", 1)
    name, version, revision = _portage().versions.pkgsplit(pf)
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
    return [file for file in files if _readable_file(file["path"])]


def _env_files(settings, cpv, slot):
    base = os.path.join(_user_directory(settings), "env")
    category, pf = cpv.split("/", 1)
    name, version, _ = _portage().versions.pkgsplit(pf)
    stems = dict.fromkeys((name, f"{name}:{slot}", f"{name}-{version}", pf))
    files = [{"name": f"{category}/{stem}", "path": os.path.join(base, category, stem)} for stem in stems]
    return [file for file in files if _readable_file(file["path"])]


def _eclasses(portdb, settings, tree, metadata):
    known = settings.repositories.get_repo_for_location(tree).eclass_db.eclasses
    files = []
    for name in sorted(set(metadata["INHERITED"].split())):
        if name not in known:
            raise GlueError(f"the eclass {name} is not there")
        files.append({"name": name, "path": known[name].location})
    return files


def _variables(settings, names):
    """The asked variables, and those that package.env sets for this package and a build could see."""
    wanted = set(names)
    for file in settings._penv:
        path = os.path.join(_user_directory(settings), "env", file)
        with contextlib.suppress(_portage().exception.PortageException):
            wanted.update(_portage().util.getconfig(path, allow_sourcing=True) or ())
    values = {name: settings.get(name) for name in wanted if not NEUTRAL_VARIABLES.match(name) or name in names}
    return {name: value for name, value in sorted(values.items()) if isinstance(value, str) and value}


def _profile_digest(settings):
    digest = hashlib.sha256()
    for profile in settings.profiles:
        for name in PROFILE_FILES:
            path = os.path.join(profile, name)
            files = _files_below(path) if os.path.isdir(path) else [{"name": "", "path": path}]
            for file in files:
                if not _readable_file(file["path"]):
                    continue
                with open(file["path"], "rb") as opened:
                    content = hashlib.sha256(opened.read()).hexdigest()
                label = os.path.join(_portable_name(profile, settings), name, file["name"])
                digest.update(os.fsencode(f"{label}\0{content}\n"))
    return digest.hexdigest()


def _sources(portdb, settings, cpv, use, tree, package_directory):
    digests = (
        settings.repositories.get_repo_for_location(tree)
        .load_manifest(package_directory, settings["DISTDIR"])
        .getTypeDigests("DIST")
    )
    sources = []
    for name, uris in sorted(portdb.getFetchMap(cpv, useflags=use, mytree=tree).items()):
        known = dict(digests.get(name, {}))
        size = known.pop("size", None)
        sources.append({"name": name, "size": size, "hashes": known, "uris": list(uris)})
    return sources


class BuildDependencies:
    """The installed packages that satisfy DEPEND and BDEPEND."""

    def __init__(self, metadata, use):
        dep = _portage().dep
        self.found = {}
        self.unsatisfied = []
        modern = _portage().eapi.eapi_has_bdepend(metadata["EAPI"])
        for kind in BUILD_KINDS:
            trees = _target() if kind == "DEPEND" and modern else _running()
            tree = dep.use_reduce(metadata[kind], uselist=use, eapi=metadata["EAPI"], token_class=dep.Atom)
            self._all_of(tree, trees["vartree"].dbapi, use, self.found, self.unsatisfied)

    def _all_of(self, tree, vardb, use, found, missing):
        parts = iter(tree)
        for part in parts:
            if part == "||":
                self._any_of(next(parts, []), vardb, use, found, missing)
            elif isinstance(part, list):
                self._all_of(part, vardb, use, found, missing)
            elif not part.blocker:
                atom = part.evaluate_conditionals(use) if part.use is not None else part
                matches = vardb.match(atom)
                if matches:
                    found[str(matches[-1])] = vardb
                else:
                    missing.append(str(part))

    def _any_of(self, alternatives, vardb, use, found, missing):
        texts = []
        parts = iter(alternatives)
        for part in parts:
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            one_found, one_missing = {}, []
            self._all_of(group, vardb, use, one_found, one_missing)
            if not one_missing:
                found.update(one_found)
                return
            texts.append(" ".join(one_missing))
        if texts:
            missing.append(f"|| ( {' '.join(texts)} )")

    def packages(self):
        """Each package as version, slot, USE and repository."""
        result = []
        for cpv, vardb in sorted(self.found.items()):
            slot, use, iuse, repository = vardb.aux_get(cpv, ["SLOT", "USE", "IUSE", "repository"])
            declared = {flag.lstrip("+-") for flag in iuse.split()}
            name, _, sub_slot = slot.partition("/")
            result.append(
                {
                    "cpv": cpv,
                    "slot": name,
                    "subSlot": sub_slot or name,
                    "use": sorted(flag for flag in use.split() if flag in declared),
                    "repository": repository,
                }
            )
        return result


def _libc():
    from portage.dep.libc import find_libc_deps

    return next(iter(sorted(map(str, find_libc_deps(_target()["vartree"].dbapi, realized=True)))), "")


def call_key_inputs(cpv, variables, repository=None, use_override=None):
    """All that makes the package what it is on this machine."""
    metadata, settings, use = _package_settings(cpv, repository, use_override)
    repository = metadata["repository"]
    portdb = _target()["porttree"].dbapi
    ebuild, tree = portdb.findname2(cpv, myrepo=repository)
    directory = os.path.dirname(ebuild)
    manifest = os.path.join(directory, "Manifest")
    slot, _, sub_slot = metadata["SLOT"].partition("/")
    dependencies = BuildDependencies(metadata, use)
    keywords = settings._keywords_manager.getPKeywords(settings.mycpv, None, None, settings.get("ACCEPT_KEYWORDS", ""))
    return {
        "cpv": cpv,
        "repository": repository,
        "eapi": metadata["EAPI"],
        "slot": slot,
        "subSlot": sub_slot or slot,
        "ebuild": ebuild,
        "eclasses": _eclasses(portdb, settings, tree, metadata),
        "files": _files_below(os.path.join(directory, "files")),
        "manifest": manifest if _readable_file(manifest) else None,
        "patches": _user_patches(settings, cpv, slot),
        "bashrcs": _bashrcs(settings),
        "envs": _env_files(settings, cpv, slot),
        "use": sorted(use),
        "iuse": _plain_iuse(metadata),
        "chost": settings.get("CHOST", ""),
        "cbuild": settings.get("CBUILD") or settings.get("CHOST", ""),
        "eprefix": settings.get("EPREFIX", ""),
        "tmpdir": settings.get("PORTAGE_TMPDIR", ""),
        "variables": _variables(settings, variables),
        "features": sorted(OUTPUT_FEATURES.intersection(settings.features)),
        "profiles": list(settings.profiles),
        "profileDigest": _profile_digest(settings),
        "acceptedKeywords": sorted(set(settings.get("ACCEPT_KEYWORDS", "").split()).union(keywords)),
        "sources": _sources(portdb, settings, cpv, use, tree, directory),
        "buildDependencies": dependencies.packages(),
        "unsatisfied": dependencies.unsatisfied,
        "libc": _libc(),
    }


# Overlays


def call_repositories():
    """The configured repositories, in Portage's order."""
    repositories = _portage().settings.repositories
    return [
        {
            "name": repository.name,
            "location": repository.location,
            "aliases": list(repository.aliases or ()),
            "isMain": repository is repositories.mainRepo(),
        }
        for repository in repositories
        if repository.location
    ]


class OverlayView:
    """Portage's configuration with one overlay more, of which only metadata cache, eclasses and profiles are there."""

    def __init__(self, name, location, ours):
        from portage.dbapi.porttree import portdbapi

        portage = _portage()
        self.portage = portage
        current = portage.settings
        environment = dict(os.environ, PORTAGE_REPOSITORIES=self._sections(current, name, location, ours))
        self.settings = portage.config(
            config_root=current["PORTAGE_CONFIGROOT"],
            target_root=current["ROOT"],
            eprefix=current["EPREFIX"],
            env=environment,
        )
        self.package_settings = portage.config(clone=self.settings)
        try:
            self.repository = self.settings.repositories[name]
        except KeyError:
            raise GlueError(f"Portage does not take {location} as a repository named {name}") from None
        self.local = portdbapi(mysettings=self.settings)
        self.local.porttrees = [tree for tree in self.local.porttrees if tree != self.repository.location]
        self.local.freeze()
        self.names = [self.settings.repositories.get_name_for_location(tree) for tree in self.local.porttrees]
        self.cache = _overlay_cache(self)
        self.answers = {}

    @staticmethod
    def _sections(current, name, location, ours):
        """repos.conf as it is, without the repositories below `ours`, and with the overlay."""
        parser = configparser.RawConfigParser(strict=False, default_section=None)
        parser.read_string(current.repositories.config_string())
        slices = os.path.realpath(ours) + "/"
        for repository in current.repositories:
            if repository.location and (os.path.realpath(repository.location) + "/").startswith(slices):
                parser.remove_section(repository.name)
        if parser.has_section(name):
            raise GlueError(f"a repository named {name} is enabled")
        parser.add_section(name)
        parser.set(name, "location", location)
        text = io.StringIO()
        parser.write(text)
        return text.getvalue()

    def use(self, cpv, metadata):
        """The USE flags that the machine gives the package."""
        self.package_settings.setcpv(cpv, mydb=metadata)
        return frozenset(self.package_settings["PORTAGE_USE"].split())

    def use_can_fit(self, atom, package, metadata):
        """Whether masked and forced flags leave the atom's USE dependencies possible."""
        if atom.use is None or not (atom.use.enabled or atom.use.disabled):
            return True
        self.package_settings.setcpv(package, mydb=metadata)
        masked, forced = self.package_settings.usemask, self.package_settings.useforce
        declared = {flag.lstrip("+-") for flag in metadata["IUSE"].split()}
        return not (atom.use.enabled & masked & declared or atom.use.disabled & (forced - masked) & declared)

    def satisfied(self, atom):
        """Whether a package of the other repositories satisfies the atom that nothing but its keywords masks."""
        key = str(atom)
        if key not in self.answers:
            self.answers[key] = self._provided(atom) or any(self._satisfies(atom, name) for name in self.names)
        return self.answers[key]

    def _provided(self, atom):
        provided = self.settings.pprovideddict.get(atom.cp)
        return bool(provided and self.portage.dep.match_from_list(atom.without_use, provided))

    def _satisfies(self, atom, name):
        for package in self.local.xmatch("match-all", atom.with_repo(name)):
            try:
                metadata = _ebuild_metadata(self.local, package, name)
            except GlueError:
                continue
            # With a keyword that is always accepted: only the others of Portage's reasons count.
            accepted = dict(metadata, KEYWORDS=self.settings.get("ARCH", ""))
            if self.local._visible(package, accepted) and self.use_can_fit(atom, package, metadata):
                return True
        return False

    def needs(self, cpv):
        """The atoms of a package of the overlay that the other repositories do not satisfy."""
        metadata = self.cache.metadata(cpv)
        use = self.use(cpv, metadata)
        found = {}
        for kind in DEPENDENCY_KINDS:
            tree = self.portage.dep.use_reduce(
                metadata[kind], uselist=use, eapi=metadata["EAPI"], token_class=self.portage.dep.Atom
            )
            for atom in self._all_of(tree, use):
                found.setdefault(str(atom), (atom, []))[1].append(kind)
        return [
            {"atom": text, "kinds": sorted(set(kinds)), "cpv": self.cache.best(atom)}
            for text, (atom, kinds) in found.items()
        ]

    def _all_of(self, tree, use):
        missing = []
        parts = iter(tree)
        for part in parts:
            if part == "||":
                missing += self._any_of(next(parts, []), use)
            elif isinstance(part, list):
                missing += self._all_of(part, use)
            elif not part.blocker:
                atom = part.evaluate_conditionals(use) if part.use is not None else part
                if not self.satisfied(atom):
                    missing.append(atom)
        return missing

    def _any_of(self, alternatives, use):
        """Nothing if one alternative is satisfied; else the first that the overlay completes, or the first of all."""
        options = []
        parts = iter(alternatives)
        for part in parts:
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            options.append(self._all_of(group, use))
        if not options or not all(options):
            return []
        return next((option for option in options if all(map(self.cache.best, option))), options[0])


@functools.cache
def _overlay_view(name, location, ours):
    return OverlayView(name, location, ours)


def _overlay_cache(view):
    """The packages of an overlay as its metadata cache describes them; no ebuild is read."""
    portage = _portage()
    from portage.cache.cache_errors import CacheError
    from portage.cache.flat_hash import md5_database
    from portage.dbapi import dbapi
    from portage.eapi import eapi_is_supported

    class OverlayCache(dbapi):
        _use_mutable = True

        def __init__(self):
            location = view.repository.location
            self.settings = view.settings
            self.directory = os.path.join(location, "metadata", "md5-cache")
            self.database = md5_database(location, "metadata/md5-cache", METADATA, readonly=True)
            self.entries = {}
            self.lists = {}

        def metadata(self, cpv):
            cpv = str(cpv)
            if cpv not in self.entries:
                try:
                    entry = self.database[cpv]
                except (KeyError, CacheError):
                    raise GlueError(f"the overlay has no readable metadata of {cpv}") from None
                values = {key: entry.get(key, "") for key in METADATA}
                values["EAPI"] = values["EAPI"] or "0"
                values["SLOT"] = values["SLOT"] or "0"
                values["repository"] = view.repository.name
                self.entries[cpv] = values
            return self.entries[cpv]

        def aux_get(self, cpv, keys, myrepo=None):
            values = self.metadata(cpv)
            return [values.get(key, "") for key in keys]

        def cp_list(self, cp, use_cache=1):
            if cp not in self.lists:
                category, name = cp.split("/", 1)
                path = os.path.join(self.directory, category)
                found = []
                for entry in sorted(os.listdir(path)) if os.path.isdir(path) else ():
                    split = portage.versions.catpkgsplit(f"{category}/{entry}")
                    if split is None or split[1] != name:
                        continue
                    values = self.metadata(f"{category}/{entry}")
                    if eapi_is_supported(values["EAPI"]):
                        with contextlib.suppress(portage.exception.InvalidData):
                            found.append(
                                portage.versions._pkg_str(
                                    f"{category}/{entry}",
                                    metadata=values,
                                    settings=view.settings,
                                    repo=view.repository.name,
                                )
                            )
                self.lists[cp] = found
            return self.lists[cp]

        def standing(self, package):
            """What a version is preferred for: not masked, licence and keywords accepted, not live, high."""
            values = dict(self.metadata(package), CHOST=view.settings.get("CHOST", ""))
            values["USE"] = " ".join(view.use(package, values)) if "?" in values["LICENSE"] else ""
            return (
                not view.settings._getMaskAtom(package, values),
                not view.settings._getMissingLicenses(package, values),
                not view.settings._getMissingKeywords(package, values),
                bool(values["KEYWORDS"]),
                functools.cmp_to_key(portage.versions.vercmp)(package.version),
            )

        def best(self, atom):
            """The version of the overlay that is taken for an atom, or None."""
            packages = [
                package
                for package in self._iter_match(atom.without_repo, self.cp_list(atom.cp))
                if view.use_can_fit(atom, package, self.metadata(package))
            ]
            return str(max(packages, key=self.standing)) if packages else None

    return OverlayCache()


def call_overlay_choices(overlay, ours, atoms):
    """For each atom the version of the overlay that is taken for it, or None."""
    view = _overlay_view(overlay["name"], overlay["location"], ours)
    return [view.cache.best(_portage().dep.Atom(atom, allow_repo=True)) for atom in atoms]


def call_overlay_needs(overlay, ours, packages):
    """For each package of the overlay what no other repository satisfies, and which of the overlay's own would."""
    view = _overlay_view(overlay["name"], overlay["location"], ours)
    return [view.needs(cpv) for cpv in packages]


def call_overlay_eclasses(overlay, ours, names):
    """The eclasses that ebuilds of the overlay inherit by these names; unknown ones are left out."""
    known = _overlay_view(overlay["name"], overlay["location"], ours).repository.eclass_db.eclasses
    return {name: {"path": known[name].location, "md5": known[name].md5} for name in names if name in known}


def call_unread_cache_entries(repository, packages):
    """The packages of a configured repository whose metadata cache Portage would not take."""
    portdb = _target()["porttree"].dbapi
    location = portdb.settings.repositories[repository].location
    unread = []
    for cpv in packages:
        path = portdb.findname(cpv, myrepo=repository)
        if path is None or portdb._pull_valid_cache(cpv, path, location)[0] is None:
            unread.append(cpv)
    return unread


# Binary packages


def _open_package(path, cpv):
    from portage.gpkg import gpkg

    package = gpkg(_own_settings(), gpkg_file=path)
    package._verify_binpkg()
    fields = {}
    for name, value in package.unpack_metadata().items():
        with contextlib.suppress(UnicodeDecodeError):
            text = value.decode("utf-8")
            if "\0" not in text:
                fields[name] = text.rstrip("\n")
    found = f"{fields.get('CATEGORY', '')}/{fields.get('PF', '')}"
    if _portage().versions.catpkgsplit(found) is None:
        raise GlueError(f"{path} does not say which package it is")
    if cpv is not None and found != cpv:
        raise GlueError(f"{path} is {found}, not {cpv}")
    return package, {"cpv": found, "fields": fields}


def call_check_package(path, cpv=None):
    """Verifies a gpkg and returns its text metadata."""
    return _open_package(path, cpv)[1]


def call_unpack_package(path, image_directory, build_info_directory, cpv=None):
    """Verifies a gpkg, then unpacks image and metadata into two existing, empty directories."""
    package, metadata = _open_package(path, cpv)
    for directory in (image_directory, build_info_directory):
        if os.listdir(directory):
            raise GlueError(f"{directory} is not empty")
    package.unpack_metadata(build_info_directory)
    package.decompress(image_directory)
    return metadata


def _slot_operators(text, eapi):
    """The `:=` atoms of a dependency: what is recorded, by the atom without its slot."""
    dep = _portage().dep
    found = {}
    for atom in dep.use_reduce(text, matchall=True, flat=True, eapi=eapi, token_class=dep.Atom):
        if isinstance(atom, dep.Atom) and not atom.blocker and atom.slot_operator == "=":
            recorded = f"{atom.slot}/{atom.sub_slot}" if atom.slot and atom.sub_slot else ""
            found.setdefault(str(atom.without_slot), recorded)
    return found


def call_sub_slot_differences(cpv, recorded, repository=None, use_override=None):
    """Where a binary package's sub-slots are not those that this machine would record."""
    from portage.dep._slot_operator import evaluate_slot_operator_equal_deps

    metadata, settings, use = _package_settings(cpv, repository, use_override)
    here = evaluate_slot_operator_equal_deps(settings, use, _portage().db)
    differences = []
    for kind in DEPENDENCY_KINDS:
        if kind not in recorded:
            continue
        theirs = _slot_operators(recorded[kind], metadata["EAPI"])
        ours = _slot_operators(here.get(kind, ""), metadata["EAPI"])
        for atom in sorted(theirs.keys() | ours.keys()):
            built = theirs.get(atom)
            local = ours.get(atom)
            # Not installed here: this machine records nothing. That only matters for what the package runs with.
            if built == local or (not local and kind != "RDEPEND"):
                continue
            differences.append(
                f"{kind}: {atom} was built with {built or 'nothing'}, this machine has {local or 'none'}"
            )
    return differences


if __name__ == "portage_glue":  # embedded; a child calls serve
    default_signals()
    # Portage gives these files to its own children: nothing of them may reach the program's output.
    sys.__stdout__ = sys.__stderr__


# Releases


def call_release_targets():
    """The configured repositories, and what an ebuild for this machine is made with."""
    settings = _portage().settings
    repositories = settings.repositories
    main = repositories.mainRepo()
    return {
        "main": main.name if main is not None else "",
        "arch": settings.get("ARCH", ""),
        "repositories": [
            {"name": repo.name, "location": repo.location, "masters": [master.name for master in repo.masters or ()]}
            for repo in repositories
        ],
    }


REMOTE_PYPI = re.compile(rb"""<remote-id\s+type=["']pypi["']\s*>\s*([A-Za-z0-9._-]+)\s*</remote-id>""")
_remote_ids = {}


def _project(name):
    return re.sub("[-_.]+", "-", name).lower()


def _pypi_remote_ids():
    """CATEGORY/PN by project, for every package whose metadata.xml names its project."""
    if not _remote_ids:
        _remote_ids[""] = ""
        for repo in _portage().settings.repositories:
            for category in _portage().settings.categories:
                directory = os.path.join(repo.location, category)
                try:
                    names = sorted(os.listdir(directory))
                except OSError:
                    continue
                for name in names:
                    try:
                        with open(os.path.join(directory, name, "metadata.xml"), "rb") as file:
                            content = file.read(1 << 20)
                    except OSError:
                        continue
                    for project in REMOTE_PYPI.findall(content):
                        _remote_ids.setdefault(_project(project.decode()), f"{category}/{name}")
    return _remote_ids


def call_python_packages(projects):
    """The packages that stand for projects of the Python index: by metadata.xml, else by their name in dev-python."""
    portdb = _target()["porttree"].dbapi
    found = {}
    for project, package in projects.items():
        for cp in (f"dev-python/{package}", _pypi_remote_ids().get(project)):
            cpvs = portdb.cp_list(cp) if cp else []
            if not cpvs:
                continue
            iuse = portdb.aux_get(cpvs[-1], ["IUSE"])[0].split()
            found[project] = {
                "cp": cp,
                "versions": sorted({cpv.version for cpv in cpvs}),
                "pythonTargets": any(flag.lstrip("+-").startswith("python_targets_") for flag in iuse),
            }
            break
    return found


def call_checksums(path, names):
    """A file's size and hashes, as a Manifest has them."""
    import portage.checksum

    unknown = [name for name in names if name not in portage.checksum.get_valid_checksum_keys()]
    if unknown:
        raise GlueError(f"Portage cannot compute {' '.join(unknown)}")
    sums = portage.checksum.perform_multiple_checksums(path, hashes=names)
    return {"size": os.path.getsize(path), "hashes": {name: sums[name] for name in names}}


ARCHIVE_MEMBERS = 200_000
ARCHIVE_BYTES = 8 << 30
ARCHIVE_FILE = 4 << 20


def _archive_members(path):
    """Name, whether it is a directory, and a reader, of each file or directory of a tar or zip archive."""
    import tarfile
    import zipfile

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield info.filename, info.is_dir(), info.file_size, lambda info=info: archive.open(info)
        return
    with tarfile.open(path, "r:*") as archive:
        for info in archive:
            if info.offset > ARCHIVE_BYTES:
                raise GlueError(f"more than {ARCHIVE_BYTES >> 30} GiB are in the archive")
            if info.isfile() or info.isdir():
                yield info.name, info.isdir(), info.size, lambda info=info: archive.extractfile(info)


def call_archive_content(path, wanted):
    """What an archive has directly below its one directory, and the text of the wanted ones of these files."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    tops, names, texts = set(), set(), {}
    try:
        for number, (name, is_directory, size, opened) in enumerate(_archive_members(path)):
            if number > ARCHIVE_MEMBERS:
                raise GlueError(f"more than {ARCHIVE_MEMBERS} files are in the archive")
            parts = [part for part in name.split("/") if part not in ("", ".")]
            if not parts or name.startswith("/") or ".." in parts:
                continue
            tops.add(parts[0])
            if len(parts) < 2:
                continue
            names.add(parts[1] + ("/" if len(parts) > 2 or is_directory else ""))
            if len(parts) == 2 and not is_directory and parts[1] in wanted:
                if size > ARCHIVE_FILE:
                    raise GlueError(f"{parts[1]} has {size} bytes, more than the {ARCHIVE_FILE} that are read")
                with opened() as file:
                    texts[parts[1]] = file.read(ARCHIVE_FILE).decode("utf-8", "replace")
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise GlueError(f"the archive cannot be read: {error}") from None
    return {"directories": sorted(tops)[:2], "names": sorted(names)[:5000], "files": texts}
