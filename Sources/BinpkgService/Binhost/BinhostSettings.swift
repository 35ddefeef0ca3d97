public import BuildEnvironments
internal import PackageModel
internal import Posix

/// A public binary package host, as a table `[[binhost]]` describes it.
public struct BinhostSettings: Equatable, Sendable {
    /// `name`: its directory below `/binhost/`.
    public var name: String
    /// `access = "token"`: only who has a token may read it; else everybody may.
    public var needsToken = false
    /// `environment`: only packages that were built there; nil for all that are the service's own.
    public var environment: String?
    /// `packages`: atoms and `CATEGORY/*`; empty for all.
    public var packages: [String] = []
    /// `use` and `variables`: how it differs from this machine's own configuration.
    public var configuration = OwnConfiguration()

    /// Settings of a name.
    public init(name: String) { self.name = name }

    /// Whether a package may be in it, as far as its name goes.
    func takes(_ cpv: String) -> Bool {
        guard let package = CPV(cpv) else { return false }
        if packages.isEmpty { return true }
        return packages.contains { pattern in
            if pattern.hasSuffix("/*") { return package.category == pattern.dropLast(2) }
            do throws(AtomError) { return try Atom(pattern).matches(package) } catch { return false }
        }
    }

    /// The settings as text: what was decided with others is decided again.
    var identity: String {
        let variables = configuration.variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ([environment ?? ""] + packages + ["use"] + configuration.use + ["variables"] + variables)
            .joined(separator: "\n")
    }
}

/// A table `[[binhost]]`, by the names that its keys have there.
struct BinhostTable: Decodable {
    let name: String
    let access: String?
    let environment: String?
    let packages: [String]?
    let use: [String]?
    let variables: [String: String]?

    /// The settings that it means.
    func settings(environments: [BuildEnvironment]) throws(EnvironmentSettings.Mistake) -> BinhostSettings {
        guard Self.isPlain(name), !name.hasPrefix(".") else {
            throw wrong("the name may have letters, digits and '_.-'")
        }
        var result = BinhostSettings(name: name)
        switch access {
        case nil, "public": break
        case "token": result.needsToken = true
        case let other?: throw wrong("access is 'public' or 'token', not '\(other.printable)'")
        }
        if let environment {
            guard environments.contains(where: { $0.name == environment }) else {
                throw wrong("there is no environment '\(environment.printable)'")
            }
            result.environment = environment
        }
        for pattern in packages ?? [] {
            if pattern.hasSuffix("/*"), Self.isPlain(String(pattern.dropLast(2))) { continue }
            let atom: Atom
            do throws(AtomError) {
                atom = try Atom(pattern)
            } catch {
                throw wrong("\(error), and not CATEGORY/*")
            }
            guard atom.blocker == nil, atom.slot == nil, atom.use.isEmpty, atom.repository == nil else {
                throw wrong("'\(pattern.printable)' may have a version, but no slot, repository, USE or blocker")
            }
        }
        result.packages = packages ?? []
        for flag in use ?? [] {
            let bare = flag.hasPrefix("-") ? String(flag.dropFirst()) : flag
            guard Self.isPlain(bare), !bare.hasPrefix("-") else { throw wrong("'\(flag.printable)' is no USE flag") }
        }
        result.configuration = OwnConfiguration(variables: variables ?? [:], use: use ?? [])
        return result
    }

    private func wrong(_ reason: String) -> EnvironmentSettings.Mistake {
        EnvironmentSettings.Mistake(reason: "binhost '\(name.printable)': \(reason)")
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte < 128
                    && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
                        || "_.-+@".utf8.contains(byte))
            }
    }
}
