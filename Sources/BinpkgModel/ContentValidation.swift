/// Refuses files that no Portage would send, or that contradict each other.
extension BuildRequest {
    /// The package's own files, and those of the ebuilds that come with it.
    func validateFiles() throws(InvalidRequest) {
        let ebuilds = dependencyEbuilds ?? []
        guard ebuilds.count <= DependencyEbuild.maximumCount else {
            throw InvalidRequest(
                field: "dependencyEbuilds", reason: "has more than \(DependencyEbuild.maximumCount) ebuilds")
        }
        try validate("content", content, pf: pf, roles: Set(ContentItem.Role.allCases))
        var names: Set<[String]> = [[repository, cpv]]
        for ebuild in ebuilds {
            guard let name = PackageNames.name(of: ebuild.cpv) else {
                throw invalid("dependencyEbuilds", "has no CATEGORY/NAME-VERSION", ebuild.cpv)
            }
            guard Names.isPlain(ebuild.repository), !ebuild.repository.hasPrefix("-") else {
                throw invalid("dependencyEbuilds", "has no repository name for \(ebuild.cpv)", ebuild.repository)
            }
            guard Names.isSlot(ebuild.slot) else {
                throw invalid("dependencyEbuilds", "has no slot for \(ebuild.cpv)", ebuild.slot)
            }
            guard names.insert([ebuild.repository, ebuild.cpv]).inserted else {
                throw invalid("dependencyEbuilds", "has an ebuild twice", ebuild.cpv)
            }
            try validateFlags("dependencyEbuilds", ebuild.use)
            let pf = String(ebuild.cpv.drop { $0 != "/" }.dropFirst())
            try validate("dependencyEbuilds (\(name))", ebuild.content, pf: pf, roles: DependencyEbuild.roles)
        }
        try validateTogether(ebuilds)
    }

    private func validate(
        _ field: String, _ content: [ContentItem], pf: String, roles: Set<ContentItem.Role>
    ) throws(InvalidRequest) {
        guard content.count <= 4096 else { throw InvalidRequest(field: field, reason: "has more than 4096 items") }
        var seen: Set<[String]> = []
        for item in content {
            guard roles.contains(item.role) else {
                throw invalid(field, "may not have a \(item.role.rawValue)", item.name)
            }
            guard Names.isRelativePath(item.name) else {
                throw invalid(field, "has a name that is not a relative path without '.' and '..'", item.name)
            }
            guard ContentHash.isHash(item.sha256) else {
                throw invalid(field, "has no SHA-256 of 64 lower-case digits for \(item.name)", item.sha256)
            }
            guard (0...Self.maximumItemSize).contains(item.size) else {
                throw InvalidRequest(
                    field: field, reason: "\(item.name) is larger than \(Self.maximumItemSize) bytes, or negative")
            }
            guard seen.insert([item.role.rawValue, item.name]).inserted else {
                throw invalid(field, "has the \(item.role.rawValue) twice", item.name)
            }
            let isFlat = !item.name.utf8.contains(UInt8(ascii: "/"))
            switch item.role {
            case .ebuild:
                guard item.name == pf + ".ebuild" else {
                    throw invalid(field, "has an ebuild that is not \(pf).ebuild", item.name)
                }
            case .eclass:
                guard isFlat, item.name.hasSuffix(".eclass") else {
                    throw invalid(field, "has an eclass that is not NAME.eclass", item.name)
                }
            case .manifest:
                guard item.name == "Manifest" else { throw invalid(field, "has a strange Manifest", item.name) }
            case .patch, .env, .files, .bashrc:
                break
            }
        }
        guard content.contains(where: { $0.role == .ebuild }) else {
            throw InvalidRequest(field: field, reason: "has no ebuild")
        }
    }

    /// A file of a repository is one file, whoever uses it, and all files together are not too large.
    private func validateTogether(_ ebuilds: [DependencyEbuild]) throws(InvalidRequest) {
        var files: [[String]: String] = [:]
        var counted: Set<String> = []
        var total = 0
        let all = [(repository, cpv, content)] + ebuilds.map { ($0.repository, $0.cpv, $0.content) }
        for (repository, cpv, content) in all {
            for item in content {
                if counted.insert(item.sha256).inserted { total += item.size }
                let place: [String]
                switch item.role {
                case .eclass: place = [repository, "eclass", item.name]
                case .ebuild, .files, .manifest:
                    place = [repository, PackageNames.name(of: cpv) ?? cpv, item.role.rawValue, item.name]
                case .patch, .env, .bashrc: continue
                }
                guard files.updateValue(item.sha256, forKey: place).map({ $0 == item.sha256 }) ?? true else {
                    throw invalid("dependencyEbuilds", "has another \(item.role.rawValue) of \(repository)", item.name)
                }
            }
        }
        guard total <= Self.maximumContentSize else {
            throw InvalidRequest(field: "content", reason: "is larger than \(Self.maximumContentSize) bytes together")
        }
    }
}
