import Overlays
import PortageAPI
import Posix
import Testbed
import Testing

/// Closures of packages of a large real overlay, where its data is.
@Suite struct RealOverlayTests {
    @Test func `the closures of 50 packages are those of the definition`() async throws {
        guard let data = RealTree.folder else {
            print("not run: no real tree (PORTMANTEAU_REAL_TREE names none)")
            return
        }
        try await Testbed.shared().withMachine("olm-real") { machine in
            try await machine.useRealTree(data)
            let guru = machine.prefix + "/srv/real/guru"
            let script = try await machine.run(
                ["python3", "-c", Self.definition, guru, machine.prefix + "/var/lib/portmanteau/slices"],
                environment: ["PORTAGE_REPOSITORIES": machine.realSections(overlay: true)], timeout: .seconds(300))
            #expect(script.succeeded, "\(script.text.suffix(2000))")
            var expected: [String: [String]] = [:]
            for line in script.stdout.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                expected[words[0]] = Array(words.dropFirst())
            }
            #expect(expected.count == 50)
            #expect(expected.values.contains { $0.count > 4 }, "\(expected.values.map(\.count).sorted())")
            #expect(expected.values.filter { $0.count == 1 }.count < 30)
            let location = OverlayLocation(
                name: "guru", location: guru, slices: machine.prefix + "/var/lib/portmanteau/slices")
            try await machine.withPortage { [expected] portage async throws in
                for (package, packages) in expected.sorted(by: { $0.key < $1.key }) {
                    let closure = try await Closure.compute(
                        [try PackageList.Entry(package + "::guru")], of: location, asking: portage)
                    #expect(closure.packages.map(\.cpv) == packages, "\(package)")
                }
            }
            // One of them for real: as a slice, whose cache Portage takes, and merged.
            try await machine.installPortmanteau(enable: false)
            try machine.write(
                "etc/overlayman/overlays.conf", "[guru]\nsync-type = local\nsync-uri = \(guru)\n")
            let add = try await machine.olm("add", "app-text/frog::guru")
            #expect(add.succeeded, "\(add.text)")
            let frog = try #require(expected["app-text/frog"])
            #expect(try await machine.listedPackages() == frog.map { $0 + "::guru" })
            try await machine.withPortage { portage async throws in
                #expect(try await portage.unreadCacheEntries(repository: "guru", packages: frog) == [])
            }
        }
    }

    /// The closures by their definition, with nothing shared with the program: for every dependency every ebuild of
    /// every repository is looked at, until nothing is added. GURU is an enabled repository here.
    private static let definition = """
        import os, random, sys
        import portage
        from portage.dep import Atom, match_from_list, use_reduce
        from functools import cmp_to_key
        guru = sys.argv[1]
        settings = portage.settings
        db = portage.db[portage.db._target_eroot]["porttree"].dbapi
        work = portage.config(clone=settings)
        keys = ["EAPI", "SLOT", "IUSE", "KEYWORDS", "LICENSE", "PROPERTIES", "RESTRICT", "DEPEND", "RDEPEND", "BDEPEND",
                "PDEPEND", "IDEPEND", "repository", "DEFINED_PHASES", "REQUIRED_USE", "INHERITED"]
        packages = {}
        for repo in ("gentoo", "guru"):
            tree = settings.repositories[repo].location
            for cp in db.cp_all(trees=[tree]):
                for cpv in db.cp_list(cp, mytree=tree):
                    try:
                        values = dict(zip(keys, db.aux_get(cpv, keys, myrepo=repo)))
                    except KeyError:
                        continue
                    if not portage.eapi_is_supported(values["EAPI"]):
                        continue
                    package = portage.versions._pkg_str(str(cpv), metadata=values, settings=settings, repo=repo)
                    packages.setdefault((repo, cp), []).append((package, values))

        def matches(atom, package, values):
            if not match_from_list(atom.without_use, [package]):
                return False
            if atom.use is None:
                return True
            work.setcpv(package, mydb=values)
            iuse = {flag.lstrip("+-") for flag in values["IUSE"].split()}
            for flag in atom.use.required:
                if flag not in iuse and not work._iuse_effective_match(flag):
                    return False
            for flag in atom.use.enabled:
                known = flag in iuse or work._iuse_effective_match(flag)
                if not known and flag in atom.use.missing_disabled:
                    return False
                if flag in iuse and flag in work.usemask:
                    return False
            for flag in atom.use.disabled:
                known = flag in iuse or work._iuse_effective_match(flag)
                if not known and flag in atom.use.missing_enabled:
                    return False
                if flag in iuse and flag in work.useforce and flag not in work.usemask:
                    return False
            return True

        def unmasked(package, values):
            if settings._getMaskAtom(package, values):
                return False
            values = dict(values, CHOST=settings["CHOST"], USE="")
            if "?" in values["LICENSE"] or "?" in values["PROPERTIES"]:
                work.setcpv(package, mydb=values)
                values["USE"] = work["PORTAGE_USE"]
            return not (settings._getMissingLicenses(package, values) or settings._getMissingProperties(package, values)
                        or settings._getMissingRestrict(package, values))

        def satisfied(atom):
            provided = settings.pprovideddict.get(atom.cp, [])
            if provided and match_from_list(atom.without_use, provided):
                return True
            return any(matches(atom, p, v) and unmasked(p, v) for p, v in packages.get(("gentoo", atom.cp), []))

        def choice(atom):
            found = [(p, v) for p, v in packages.get(("guru", atom.cp), []) if matches(atom, p, v)]
            def rank(entry):
                package, values = entry
                work.setcpv(package, mydb=values)
                values = dict(values, CHOST=settings["CHOST"], USE=work["PORTAGE_USE"])
                return (not settings._getMaskAtom(package, values), not settings._getMissingLicenses(package, values),
                        not settings._getMissingKeywords(package, values), values["KEYWORDS"] != "",
                        cmp_to_key(portage.versions.vercmp)(package.version))
            return max(found, key=rank) if found else None

        def missing(tree, use):
            result, i = [], 0
            while i < len(tree):
                part = tree[i]
                if part == "||":
                    i += 1
                    options, j = [], 0
                    while j < len(tree[i]):
                        one = tree[i][j]
                        if one == "||":
                            j += 1
                            one = ["||", tree[i][j]]
                        options.append(missing(one if isinstance(one, list) else [one], use))
                        j += 1
                    if options and all(options):
                        complete = [option for option in options if all(choice(atom) for atom in option)]
                        result += (complete or options)[0]
                elif isinstance(part, list):
                    result += missing(part, use)
                elif not part.blocker:
                    atom = part.evaluate_conditionals(use) if part.use else part
                    if not satisfied(atom):
                        result.append(atom)
                i += 1
            return result

        def closure(cp):
            members, grown = {}, [choice(Atom(cp))]
            while grown:
                package, values = grown.pop()
                if str(package) in members:
                    continue
                members[str(package)] = True
                work.setcpv(package, mydb=values)
                use = frozenset(work["PORTAGE_USE"].split())
                for kind in ("DEPEND", "RDEPEND", "BDEPEND", "PDEPEND", "IDEPEND"):
                    for atom in missing(use_reduce(values[kind], uselist=use, eapi=values["EAPI"], token_class=Atom), use):
                        target = choice(atom)
                        if target:
                            grown.append(target)
            return sorted(members)

        fixed = ["app-text/frog", "dev-python/litellm", "dev-python/fastmcp", "www-apps/invidious", "gui-apps/hyprlock",
                 "dev-util/bash-language-server", "dev-lang/swift"]
        every = sorted(cp for repo, cp in packages if repo == "guru")
        chosen = [cp for cp in fixed if cp in every]
        pool = [cp for cp in every if cp not in chosen]
        random.Random(3).shuffle(pool)
        large = []
        for cp in pool:
            if len(chosen) + len(large) == 50:
                break
            if len(large) >= 25 or len(closure(cp)) > 1:
                large.append(cp)
        for cp in chosen + large:
            print(cp, *closure(cp))
        """
}
