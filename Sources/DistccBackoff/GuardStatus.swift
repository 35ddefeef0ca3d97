import Glibc
import Posix

/// `distcc-guard status`: which servers distcc passes over now, and for how long.
struct GuardStatus {
    /// A server, or a mark of one that is in no list.
    struct Line: Equatable {
        let host: String?
        let mark: String?
        let secondsLeft: Int
    }

    let distcc: String?
    let settings: DistccSettings
    let lines: [Line]

    init(settings: DistccSettings, distcc: String?, now: Int64 = BackoffMarks.now) {
        self.settings = settings
        self.distcc = distcc
        let marks = settings.marks.all()
        var lines: [Line] = []
        for host in settings.hosts.hosts where !lines.contains(where: { $0.host == host.text }) {
            let mark = marks.first { $0.name == host.markName }
            let left = mark?.secondsLeft(period: settings.period, now: now) ?? 0
            lines.append(Line(host: host.text, mark: mark?.name, secondsLeft: left))
        }
        for mark in marks where !lines.contains(where: { $0.mark == mark.name }) {
            let left = mark.secondsLeft(period: settings.period, now: now)
            if left > 0 { lines.append(Line(host: nil, mark: mark.name, secondsLeft: left)) }
        }
        self.lines = lines
    }

    static func run(_ arguments: [String], variables: [String: String]) -> Int32 {
        var asJSON = false
        var directory: String?
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--json" {
                asJSON = true
            } else if word == "--directory", let path = rest.popFirst() {
                directory = path
            } else {
                GuardOutput.say("status takes --json and --directory DISTCC_DIR, not \(word)")
                return 2
            }
        }
        let status = GuardStatus(
            settings: DistccSettings(variables, directory: directory),
            distcc: CompilerSearch(path: variables["PATH"] ?? "").distcc())
        GuardOutput.write(Array((asJSON ? status.json + "\n" : status.text).utf8), to: 1)
        return status.lines.contains { $0.secondsLeft > 0 } ? 1 : 0
    }

    var text: String {
        var text = "distcc: \(distcc?.printable ?? "not found in PATH: compilers run as they are")\n"
        text += "directory: \(settings.directory.printable)\n"
        text += "hosts: \(settings.source?.printable ?? "none are set: distcc runs everything here")\n"
        for line in lines {
            let name = line.host?.printable ?? "(in no list) \(line.mark?.printable ?? "")"
            text += line.secondsLeft > 0 ? "  \(name): not used for \(line.secondsLeft) s\n" : "  \(name): in use\n"
        }
        for word in settings.hosts.unknown { text += "  \(word.printable): not a host specification\n" }
        return text
    }

    var json: String {
        let hosts = lines.map {
            "{\"host\":\(Self.quoted($0.host)),\"mark\":\(Self.quoted($0.mark)),\"secondsLeft\":\($0.secondsLeft)}"
        }
        return "{\"distcc\":\(Self.quoted(distcc)),\"directory\":\(Self.quoted(settings.directory)),"
            + "\"source\":\(Self.quoted(settings.source)),\"period\":\(settings.period),"
            + "\"hosts\":[\(hosts.joined(separator: ","))]}"
    }

    /// A JSON string, or null.
    static func quoted(_ text: String?) -> String {
        guard let text else { return "null" }
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                result += "\\\(scalar)"
            } else if scalar.value < 0x20 {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
