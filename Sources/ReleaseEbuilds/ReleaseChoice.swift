/// The files of one version.
struct Release: Sendable {
    let version: PythonVersion
    let source: ReleaseFile
    let wheels: [ReleaseFile]

    /// The wheel whose metadata speaks for the release: one for every machine, if there is one.
    var bestWheel: ReleaseFile? {
        let usable = wheels.filter(\.hasMetadata).sorted { $0.name < $1.name }
        return usable.first { $0.name.hasSuffix("-none-any.whl") } ?? usable.first
    }

    /// The wheel to look into where no metadata are stated: one for every machine, if there is one.
    var anyWheel: ReleaseFile? {
        let sorted = wheels.sorted { $0.name < $1.name }
        return sorted.first { $0.name.hasSuffix("-none-any.whl") } ?? sorted.first
    }

    /// Whether it is only offered built for certain machines: it has compiled parts.
    var hasExtensions: Bool { !wheels.isEmpty && !wheels.contains { $0.name.hasSuffix("-none-any.whl") } }
}

/// Choosing a version among the files of an index.
enum ReleaseChoice {
    /// The newest release that fits.
    ///
    /// Pre-releases count only when nothing else fits or a clause names one; yanked files only when a clause names
    /// exactly their version.
    static func newest(
        of project: ProjectName, files: [ReleaseFile], fitting specifiers: [VersionSpecifier]
    ) throws(ReleaseError) -> Release {
        let wanted = specifiers.map(\.description).joined(separator: ",")
        let fitting = files.filter { file in specifiers.allSatisfy { $0.contains(file.version) } }
        guard !fitting.isEmpty else {
            throw ReleaseError(
                .notFound, "\(project.normal): the index has no release\(wanted.isEmpty ? "" : " \(wanted)")")
        }
        let isExact = specifiers.contains { [.equal, .arbitrary].contains($0.comparison) && !$0.isPrefix }
        let offered = isExact ? fitting : fitting.filter { !$0.isYanked }
        guard !offered.isEmpty else {
            throw ReleaseError(.refused, "\(project.normal): every release that fits was withdrawn (yanked)")
        }
        let namesPrerelease = specifiers.contains { $0.version.isPrerelease }
        let finals = offered.filter { !$0.version.isPrerelease }
        let candidates = namesPrerelease || finals.isEmpty ? offered : finals
        guard let version = candidates.map(\.version).max() else {
            throw ReleaseError(.notFound, "\(project.normal): the index has no release")
        }
        let chosen = candidates.filter { $0.version == version }
        // .tar.gz before the rare other kinds
        let sources = chosen.filter { !$0.isWheel }.sorted {
            ($0.name.hasSuffix(".tar.gz") ? 0 : 1, $0.name) < ($1.name.hasSuffix(".tar.gz") ? 0 : 1, $1.name)
        }
        guard let source = sources.first else {
            throw ReleaseError(
                .refused, "\(project.normal) \(version) has no source archive, only wheels")
        }
        return Release(version: version, source: source, wheels: chosen.filter(\.isWheel))
    }
}
