/// Reads what a program writes to its terminal, so that it stays in the upper rows of the real one.
///
/// Text and nearly all control sequences pass unchanged. Those that name a row below the program's part are corrected,
/// and the few that change more than the program's part are told. Sequences and characters are passed on as a whole, so
/// that something else can be written to the terminal between any two pieces. Every input is taken.
struct OutputFilter {
    /// A part of the output.
    enum Piece: Equatable {
        /// For the terminal.
        case bytes([UInt8])
        /// The program enters, or leaves, the alternate screen: the next bytes do it, the last ones did.
        case alternate(Bool)
        /// The last bytes erased what is below the program's part.
        case erased
        /// The last bytes reset the terminal: its scroll region too.
        case reset
    }

    /// The rows of the program's part.
    var rows: Int
    /// Whether the program's cursor is known to be at the beginning of a line.
    private(set) var isAtLineStart = true
    /// Whether the program hides the cursor.
    private(set) var isCursorHidden = false
    /// Whether the program saved the cursor and has not gone back to it.
    private(set) var hasSavedCursor = false
    /// The sequences that make the program's present colours.
    private(set) var attributes: [UInt8] = []
    /// Whether nothing is begun that other output would break.
    var isAtRest: Bool { state != .text(isLong: true) && state != .textEscape(isLong: true) }

    private enum State: Equatable {
        case ground
        case character(left: Int)
        case escape
        case control
        /// A title or the like, ended by BEL or ESC \; what is too long is not held back.
        case text(isLong: Bool)
        /// An escape in such a text: its end, or a sequence that cuts it off.
        case textEscape(isLong: Bool)
    }

    private var state = State.ground
    private var held: [UInt8] = []
    private var out: [UInt8] = []
    private var pieces: [Piece] = []

    private static let heldLimit = 4096
    private static let escape: UInt8 = 0x1B

    init(rows: Int) { self.rows = rows }

    /// Takes the next bytes and returns what is complete.
    mutating func filter(_ bytes: some Sequence<UInt8>) -> [Piece] {
        pieces = []
        for byte in bytes { take(byte) }
        flush()
        return pieces
    }

    private mutating func flush() {
        if !out.isEmpty { pieces.append(.bytes(out)) }
        out = []
    }

    private mutating func take(_ byte: UInt8) {
        switch state {
        case .ground: ground(byte)
        case .character(let left): character(byte, left)
        case .escape: escaped(byte)
        case .control: control(byte)
        case .text(let isLong): text(byte, isLong)
        case .textEscape(let isLong): textEscape(byte, isLong)
        }
    }

    private mutating func ground(_ byte: UInt8) {
        switch byte {
        case Self.escape:
            state = .escape
            held = [byte]
        case 0x0A, 0x0D:
            isAtLineStart = true
            out.append(byte)
        case 0x20...0x7E:
            isAtLineStart = false
            out.append(byte)
        case 0xC2...0xF4:
            held = [byte]
            state = .character(left: byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3)
        default:
            out.append(byte)
        }
    }

    private mutating func character(_ byte: UInt8, _ left: Int) {
        guard byte & 0xC0 == 0x80 else {
            release()
            return take(byte)
        }
        held.append(byte)
        isAtLineStart = false
        if left > 1 { state = .character(left: left - 1) } else { release() }
    }

    /// Passes on what was held back.
    private mutating func release() {
        out += held
        held = []
        state = .ground
    }

    private mutating func escaped(_ byte: UInt8) {
        // An escape within a sequence begins a new one.
        if byte == Self.escape { return out.append(byte) }
        held.append(byte)
        switch byte {
        case UInt8(ascii: "["): state = .control
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"),
            UInt8(ascii: "k"):
            state = .text(isLong: false)
        case 0x20...0x2F: break  // One more byte follows.
        case UInt8(ascii: "c") where held.count == 2:
            release()
            attributes = []
            isCursorHidden = false
            hasSavedCursor = false
            isAtLineStart = true
            tell(.reset)
        default:
            if held.count == 2 {
                if byte == UInt8(ascii: "7") { hasSavedCursor = true }
                if byte == UInt8(ascii: "8") { hasSavedCursor = false }
                if byte == UInt8(ascii: "E") { isAtLineStart = true }
            }
            release()
        }
    }

    private mutating func text(_ byte: UInt8, _ isLong: Bool) {
        if byte == Self.escape {
            state = .textEscape(isLong: isLong)
            return
        }
        if isLong { out.append(byte) } else { held.append(byte) }
        if byte == 0x07 || byte == 0x18 || byte == 0x1A {
            release()
        } else if held.count > Self.heldLimit {
            release()
            state = .text(isLong: true)
        }
    }

    private mutating func textEscape(_ byte: UInt8, _ isLong: Bool) {
        guard byte == UInt8(ascii: "\\") else {
            release()
            take(Self.escape)
            return take(byte)
        }
        held += [Self.escape, byte]
        release()
    }

    private mutating func control(_ byte: UInt8) {
        switch byte {
        case 0x20...0x3F:
            held.append(byte)
            if held.count > Self.heldLimit { release() }
        case 0x40...0x7E:
            held.append(byte)
            finishControl(ControlSequence(held))
        case Self.escape, 0x18, 0x1A:
            // Cut off.
            release()
            take(byte)
        case 0x80...:
            release()
            take(byte)
        default:
            // A control character inside a sequence acts at once.
            out.append(byte)
        }
    }

    private mutating func tell(_ piece: Piece) {
        flush()
        pieces.append(piece)
    }

    private mutating func finishControl(_ sequence: ControlSequence) {
        switch (sequence.marker, sequence.final) {
        case ("", "r"):
            let bottom = sequence.numbers.count > 1 && sequence.numbers[1] > 0 ? sequence.numbers[1] : rows
            held = ControlSequence.bytes([min(sequence.first, rows), min(bottom, rows)], "r")
        case ("", "H"), ("", "f"):
            let column = sequence.numbers.count > 1 ? max(1, sequence.numbers[1]) : 1
            held = ControlSequence.bytes([min(sequence.first, rows), column], sequence.final)
            isAtLineStart = column == 1
        case ("", "G"), ("", "`"): isAtLineStart = sequence.first == 1
        case ("", "C"): isAtLineStart = false
        case ("", "d"): held = ControlSequence.bytes([min(sequence.first, rows)], "d")
        case ("", "m"):
            if sequence.numbers.first ?? 0 == 0 { attributes = [] }
            if sequence.numbers.contains(where: { $0 != 0 }), attributes.count < 512 { attributes += held }
        case ("", "s") where sequence.numbers.isEmpty: hasSavedCursor = true
        case ("", "u") where sequence.numbers.isEmpty: hasSavedCursor = false
        case ("", "J"):
            release()
            return tell(.erased)
        case ("!", "p"):
            release()
            attributes = []
            return tell(.reset)
        case ("?", "h"), ("?", "l"): return finishMode(sequence)
        default: break
        }
        release()
    }

    private mutating func finishMode(_ sequence: ControlSequence) {
        let isOn = sequence.final == "h"
        if sequence.numbers.contains(25) { isCursorHidden = !isOn }
        guard sequence.numbers.contains(where: { [47, 1047, 1049].contains($0) }) else { return release() }
        if isOn {
            tell(.alternate(true))
            release()
        } else {
            release()
            tell(.alternate(false))
        }
    }
}

/// A control sequence: CSI, perhaps a marker, numbers, and a final character.
struct ControlSequence: Equatable {
    /// What makes it private or another one: `?`, `!`; empty for the standard ones.
    let marker: String
    /// Its numbers; one that is left out is 0.
    let numbers: [Int]
    /// What it does.
    let final: Character

    /// Reads the bytes of a whole sequence, ESC [ to the final one.
    init(_ bytes: [UInt8]) {
        let body = bytes.dropFirst(2).dropLast()
        let isNumber: (UInt8) -> Bool = { (0x30...0x3B).contains($0) }
        marker = String(decoding: body.filter { !isNumber($0) }, as: UTF8.self)
        let digits = body.filter(isNumber)
        numbers =
            digits.isEmpty
            ? []
            : digits.split(separator: 0x3B, omittingEmptySubsequences: false).map { field in
                field.split(separator: 0x3A).first.flatMap { Int(String(decoding: $0.prefix(6), as: UTF8.self)) } ?? 0
            }
        final = Character(Unicode.Scalar(bytes.last ?? 0x40))
    }

    /// The first number, at least 1.
    var first: Int { max(1, numbers.first ?? 1) }

    static func bytes(_ numbers: [Int], _ final: Character) -> [UInt8] {
        Array("\u{1B}[\(numbers.map(String.init).joined(separator: ";"))\(final)".utf8)
    }
}
