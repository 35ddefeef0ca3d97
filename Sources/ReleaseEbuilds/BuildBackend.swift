import TOMLKit

/// How a Python project is built, from its pyproject.toml.
struct BuildBackend: Sendable, Equatable {
    /// The value of DISTUTILS_USE_PEP517.
    let key: String
    /// What the build needs beside the backend's own package.
    let requirements: [Requirement]

    /// Spellings of before that today's eclass knows by another name.
    private static let former = [
        "flit.buildapi": "flit_core.buildapi", "poetry.masonry.api": "poetry.core.masonry.api",
        "pdm.pep517.api": "pdm.backend", "setuptools.build_meta:__legacy__": "setuptools.build_meta",
    ]
    /// The backends' own packages, which the eclass asks for.
    private static let packages: Set<String> = [
        "flit", "flit-core", "flit-scm", "hatchling", "jupyter-packaging", "maturin", "meson-python", "pbr",
        "pdm-backend",
        "pdm-pep517", "poetry", "poetry-core", "scikit-build-core", "setuptools", "sip", "uv-build", "wheel",
    ]

    /// Reads the backend.
    ///
    /// - Parameters:
    ///   - pyproject: the text of pyproject.toml; nil when the archive has none.
    ///   - hasSetupScript: whether there is a setup.py.
    ///   - keys: the values that the tree's eclass knows, by backend.
    init(pyproject: String?, hasSetupScript: Bool, keys: [String: String]) throws(ReleaseError) {
        var backend = "setuptools.build_meta"
        var stated: [String] = []
        if let pyproject {
            let table: TOMLTable
            do {
                table = try TOMLTable(string: pyproject)
            } catch {
                throw ReleaseError(.refused, "pyproject.toml is not TOML: \(singleLine("\(error)", limit: 120))")
            }
            if let system = table["build-system"]?.table {
                if let array = system["requires"]?.array {
                    for item in array { if let text = item.string { stated.append(text) } }
                }
                if let name = system["build-backend"]?.string { backend = name }
                if system["backend-path"] != nil {
                    throw ReleaseError(.refused, "the build backend '\(backend)' is part of the archive (backend-path)")
                }
            } else if !hasSetupScript, table["project"] == nil {
                throw ReleaseError(.refused, "pyproject.toml names no build backend, and there is no setup.py")
            }
        } else if !hasSetupScript {
            throw ReleaseError(.refused, "the archive has neither pyproject.toml nor setup.py")
        }
        backend = Self.former[backend] ?? backend
        guard let key = keys[backend] else {
            throw ReleaseError(.refused, "distutils-r1.eclass of the tree knows no build backend '\(backend)'")
        }
        if ["maturin"].contains(key) {
            throw ReleaseError(.refused, "'\(backend)' builds Rust code, whose crates an ebuild must list")
        }
        self.key = key
        var requirements: [Requirement] = []
        for text in stated {
            let requirement = try Requirement(text)
            if requirement.name.normal == "setuptools-rust" {
                throw ReleaseError(.refused, "setuptools-rust builds Rust code, whose crates an ebuild must list")
            }
            if !Self.packages.contains(requirement.name.normal) { requirements.append(requirement) }
        }
        self.requirements = requirements
    }
}
