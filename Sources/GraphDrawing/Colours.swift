public import TerminalDrawing

/// What a piece of a frame is; the attribute of its text run.
public enum PictureRole: UInt8, Sendable, CaseIterable {
    /// Text without a role.
    case plain
    /// The first line.
    case title
    /// The box around a package that is not current.
    case frame
    /// What is said beside: counts, times, `+12 more`.
    case note
    /// A package by its state.
    case waiting, building, merging, done, failed, installed
    /// A package that the picture is about, and its box, by its state.
    case currentWaiting, currentBuilding, currentMerging, currentDone, currentFailed, currentInstalled
    /// A line, by what it means.
    case buildLine, runLine, postLine, maybeLine
}

/// The colours of roles, out of the sixteen of every terminal, so that they fit light and dark backgrounds.
public enum Colours {
    /// The parameters of the escape sequence (ECMA-48, SGR) that starts a role; empty for the terminal's own colours.
    public static func parameters(_ role: PictureRole) -> String {
        switch role {
        case .plain, .waiting: ""
        case .title: "1"
        case .note, .installed, .frame: "2"
        case .building: "33"
        case .merging: "36"
        case .done: "32"
        case .failed: "31"
        case .currentWaiting, .currentInstalled: "1"
        case .currentBuilding: "1;33"
        case .currentMerging: "1;36"
        case .currentDone: "1;32"
        case .currentFailed: "1;31"
        case .buildLine: ""
        case .runLine: "34"
        case .postLine: "35"
        case .maybeLine: "2"
        }
    }

    /// A row as a terminal is to get it.
    public static func row(_ runs: [TextRun]) -> String {
        var text = ""
        for run in runs {
            let parameters = PictureRole(rawValue: run.attribute).map(Self.parameters) ?? ""
            text += parameters.isEmpty ? run.text : "\u{1b}[\(parameters)m\(run.text)\u{1b}[0m"
        }
        return text
    }
}
