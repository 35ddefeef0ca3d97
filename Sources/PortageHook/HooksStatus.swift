import Posix

/// What `portage-hook status` tells: whether the hooks run, and what may keep them from it.
struct HooksStatus {
    /// A file below env/ that replaces functions of the hooks.
    struct Override: Equatable, Sendable {
        let path: String
        let functions: [String]
    }

    /// A file that must be there.
    struct Part: Equatable, Sendable {
        let path: String
        let isPresent: Bool
    }

    let layout: InstallLayout
    /// Whether the line is in the user's bashrc.
    let isEnabled: Bool
    /// Lines before it that may leave the file early.
    let earlyEnds: [Int]
    /// Whether more text follows the line, which may replace our functions.
    let isFollowed: Bool
    let overrides: [Override]
    let parts: [Part]
    let configuration: HooksConfiguration
    let messages: [String]

    /// The functions that the hooks define, in Portage's names.
    static let functions = [
        "pre_pkg_setup", "post_pkg_setup", "pre_src_unpack", "pre_src_configure", "pre_src_compile", "src_install",
    ]

    init(layout: InstallLayout) {
        self.layout = layout
        let file = UserBashrc(bytes: try? Files.read(layout.userBashrc, limit: 16 << 20))
        let found = file.find(hooks: layout.bashrc)
        isEnabled = found != nil
        let before = file.bytes.map { $0[..<(found?.offset ?? $0.count)] } ?? []
        earlyEnds = ShellSurvey.earlyEnds(String(decoding: before, as: UTF8.self))
        isFollowed = file.hasTextAfterLine(hooks: layout.bashrc)
        overrides = Self.overrides(below: layout.environmentFiles)
        parts = [layout.hook, layout.program, layout.bashrc].map { Part(path: $0, isPresent: Files.exists($0)) }
        var configuration = HooksConfiguration()
        if let text = try? Files.readText(layout.configuration, limit: 1 << 20) {
            messages = configuration.read(text, source: layout.configuration)
        } else {
            messages = ["\(layout.configuration) cannot be read: the defaults count"]
        }
        self.configuration = configuration
    }

    /// What keeps the hooks from working as configured, one sentence each.
    var problems: [String] {
        var problems: [String] = []
        if !isEnabled { problems.append("not enabled: run `portage-hook enable`") }
        for line in earlyEnds {
            problems.append("\(layout.userBashrc.printable) line \(line) may end before the hooks' line is reached")
        }
        if isFollowed { problems.append("text follows the hooks' line in \(layout.userBashrc.printable)") }
        for override in overrides {
            problems.append("\(override.path.printable) replaces \(override.functions.joined(separator: ", "))")
        }
        for part in parts where !part.isPresent { problems.append("\(part.path.printable) is not there") }
        return problems + messages
    }

    /// Files env/CATEGORY/… that define one of our functions: Portage sources them after bashrc.
    private static func overrides(below directory: String) -> [Override] {
        var result: [Override] = []
        for category in (try? Files.list(directory)) ?? [] {
            let folder = "\(directory)/\(category)"
            for name in (try? Files.list(folder)) ?? [] {
                guard let text = try? Files.readText("\(folder)/\(name)", limit: 1 << 20) else { continue }
                let found = ShellSurvey.defined(functions, in: text)
                if !found.isEmpty { result.append(Override(path: "\(folder)/\(name)", functions: found)) }
            }
        }
        return result
    }

    /// Prints the status. Returns 0 when the hooks run, 1 when something is in the way.
    func report(asJSON: Bool, context: HookContext) -> Int32 {
        context.output(asJSON ? json + "\n" : text)
        return problems.isEmpty ? 0 : 1
    }

    private var text: String {
        var lines = ["hooks: \(isEnabled ? "enabled" : "not enabled") in \(layout.userBashrc.printable)"]
        lines += configuration.values.map { "\($0.name)=\($0.value.isEmpty ? "(terminal)" : $0.value)" }
        lines += problems.map { "problem: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private var json: String {
        let settings = configuration.values.map { "\(Self.quoted($0.name)):\(Self.quoted($0.value))" }
        let replaced = overrides.map {
            "{\"path\":\(Self.quoted($0.path)),\"functions\":\(Self.list($0.functions.map(Self.quoted)))}"
        }
        let files = parts.map { "{\"path\":\(Self.quoted($0.path)),\"present\":\($0.isPresent)}" }
        return "{\"enabled\":\(isEnabled),\"bashrc\":\(Self.quoted(layout.userBashrc)),"
            + "\"earlyEnds\":\(Self.list(earlyEnds.map(String.init))),\"followed\":\(isFollowed),"
            + "\"overrides\":\(Self.list(replaced)),\"files\":\(Self.list(files)),"
            + "\"configuration\":{\(settings.joined(separator: ","))},"
            + "\"problems\":\(Self.list(problems.map(Self.quoted)))}"
    }

    private static func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }

    /// A JSON string.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
