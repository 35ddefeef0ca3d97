/// A request that must not be used: which field, and why.
public struct InvalidRequest: Error, Equatable, CustomStringConvertible {
    /// The field, as in the JSON.
    public let field: String
    /// What is wrong with it.
    public let reason: String

    /// The field and the reason, as a line for people.
    public var description: String { "\(field): \(reason)" }
}

extension BuildRequest {
    /// The most bytes that one item of content may have.
    public static let maximumItemSize = 16 << 20
    /// The most bytes that all content of a request may have.
    public static let maximumContentSize = 64 << 20

    /// The category of ``cpv``; the part before the slash.
    public var category: String { String(cpv.prefix { $0 != "/" }) }
    /// Name, version and revision; the part of ``cpv`` after the slash.
    public var pf: String { String(cpv.drop { $0 != "/" }.dropFirst()) }

    /// Refuses what is too large or has a form that no Portage would send. After this, every name is safe as a part of a
    /// path, and no value holds a control character (but tab and newline in variables).
    public func validate() throws(InvalidRequest) {
        guard version == Self.currentVersion else {
            throw InvalidRequest(
                field: "version", reason: "is \(version), and this service knows only \(Self.currentVersion)")
        }
        guard PackageNames.isVersioned(cpv) else { throw invalid("cpv", "is not CATEGORY/NAME-VERSION", cpv) }
        guard Names.isPlain(repository), !repository.hasPrefix("-") else {
            throw invalid("repository", "is not a repository name", repository)
        }
        guard Names.isPlain(eapi), eapi.utf8.count <= 32 else { throw invalid("eapi", "is not an EAPI", eapi) }
        guard Names.isSlot(slot) else { throw invalid("slot", "is not SLOT or SLOT/SUBSLOT", slot) }
        guard Names.isPlain(chost) else { throw invalid("chost", "is not a CHOST", chost) }
        guard cbuild.isEmpty || Names.isPlain(cbuild) else { throw invalid("cbuild", "is not a CHOST", cbuild) }
        guard eprefix.isEmpty || Names.isAbsolutePath(eprefix) else {
            throw invalid("eprefix", "is not an absolute path without '.', '..' and '//'", eprefix)
        }
        guard Names.isAbsolutePath(tmpdir) else {
            throw invalid("tmpdir", "is not an absolute path without '.', '..' and '//'", tmpdir)
        }
        guard profile.utf8.count <= 1 << 16, !profile.utf8.contains(0) else {
            throw InvalidRequest(field: "profile", reason: "is too long or holds a NUL byte")
        }
        try validateFlags("use", use)
        try validateFlags("iuse", iuse)
        for feature in features where !Self.outputFeatures.contains(feature) {
            throw invalid("features", "has a name that is not known to change packages", feature)
        }
        try validateVariables()
        try validateFiles()
        try validateDependencies()
    }

    func invalid(_ field: String, _ reason: String, _ value: String) -> InvalidRequest {
        InvalidRequest(field: field, reason: "\(reason): \"\(Names.shown(value))\"")
    }

    func validateFlags(_ field: String, _ flags: [String]) throws(InvalidRequest) {
        guard flags.count <= 4096 else { throw InvalidRequest(field: field, reason: "has more than 4096 flags") }
        for flag in flags where !Names.isFlag(flag) { throw invalid(field, "has no USE flag", flag) }
    }

    private func validateVariables() throws(InvalidRequest) {
        for (name, value) in variables {
            guard Self.allowedVariables.contains(name) else {
                throw invalid("variables", "has a name that is not allowed", name)
            }
            guard value.utf8.count <= 1 << 14, value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 || $0 == 10 })
            else {
                throw InvalidRequest(field: "variables.\(name)", reason: "is too long or holds a control character")
            }
            if Self.processorVariables.contains(name), value.utf8.contains(UInt8(ascii: "=")),
                let flag = value.split(whereSeparator: { " \t\n".contains($0) }).first(where: {
                    $0.hasSuffix("=native")
                })
            {
                throw invalid("variables.\(name)", "names no processor", String(flag))
            }
        }
    }

    private func validate(_ field: String, _ packages: [InstalledPackage]) throws(InvalidRequest) {
        guard packages.count <= 16384 else {
            throw InvalidRequest(field: field, reason: "has more than 16384 packages")
        }
        for package in packages {
            guard PackageNames.isVersioned(package.cpv) else {
                throw invalid(field, "has no CATEGORY/NAME-VERSION", package.cpv)
            }
            guard Names.isSlot(package.slot) else {
                throw invalid(field, "has no slot for \(package.cpv)", package.slot)
            }
            try validateFlags(field, package.use)
            if let content = package.content, !ContentHash.isHash(content) {
                throw invalid(field, "has no SHA-256 of 64 lower-case digits for \(package.cpv)", content)
            }
        }
    }

    private func validateDependencies() throws(InvalidRequest) {
        try validate("buildDependencies", buildDependencies)
        try validate("toolchain", toolchain ?? [])
        guard libc.isEmpty || PackageNames.isVersioned(libc) else {
            throw invalid("libc", "is not CATEGORY/NAME-VERSION", libc)
        }
        if let plan {
            guard Names.isPlain(plan.id), plan.id.utf8.count <= 64 else {
                throw invalid("plan.id", "is not a name of letters, digits and '+_.-'", plan.id)
            }
            guard (0...PlanPlace.maximumUnblocks).contains(plan.unblocks) else {
                throw InvalidRequest(
                    field: "plan.unblocks", reason: "is not from 0 to \(PlanPlace.maximumUnblocks): \(plan.unblocks)")
            }
        }
    }
}
