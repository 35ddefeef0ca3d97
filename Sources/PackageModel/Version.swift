/// A package version as PMS 3.2 defines it: numbers, an optional letter, suffixes, and a revision.
///
/// The order is that of PMS 3.3. Two versions that the order does not tell apart are equal (`1.0` and `1.0-r0`),
/// though their texts differ; compare `description` when the spelling matters.
public struct Version: Sendable, Comparable, Hashable, CustomStringConvertible {
    /// The text as it was written, with its revision.
    public let description: String
    private let numbers: [[UInt8]]
    private let letter: UInt8
    private let suffixes: [Suffix]
    private let revisionDigits: [UInt8]

    private struct Suffix: Sendable, Hashable {
        /// alpha 0, beta 1, pre 2, rc 3, none 4, p 5
        var rank: UInt8
        var digits: [UInt8]
    }

    /// Reads `text`; nil when it is not a version.
    public init?(_ text: String) {
        self.init(utf8: Array(text.utf8)[...])
    }

    init?(utf8 text: ArraySlice<UInt8>) {
        var rest = text
        var numbers: [[UInt8]] = []
        repeat {
            if !numbers.isEmpty { rest = rest.dropFirst() }
            let digits = Version.takeDigits(&rest)
            guard !digits.isEmpty else { return nil }
            numbers.append(numbers.isEmpty ? Version.withoutLeadingZeros(digits) : Version.fraction(digits))
        } while rest.first == UInt8(ascii: ".")
        var letter: UInt8 = 0
        if let first = rest.first, Characters.isLower(first) {
            letter = first
            rest = rest.dropFirst()
        }
        var suffixes: [Suffix] = []
        while rest.first == UInt8(ascii: "_") {
            rest = rest.dropFirst()
            guard let rank = Version.takeSuffixName(&rest) else { return nil }
            suffixes.append(Suffix(rank: rank, digits: Version.withoutLeadingZeros(Version.takeDigits(&rest))))
        }
        var revision: [UInt8] = []
        if rest.starts(with: "-r".utf8) {
            rest = rest.dropFirst(2)
            let digits = Version.takeDigits(&rest)
            guard !digits.isEmpty else { return nil }
            revision = Version.withoutLeadingZeros(digits)
        }
        guard rest.isEmpty else { return nil }
        self.description = String(decoding: text, as: UTF8.self)
        self.numbers = numbers
        self.letter = letter
        self.suffixes = suffixes
        self.revisionDigits = revision
    }

    /// The text without `-rN`.
    public var withoutRevision: String {
        guard let dash = description.utf8.lastIndex(of: UInt8(ascii: "-")) else { return description }
        return String(description[..<dash])
    }

    /// Whether the two differ in the revision at most (what `~` of an atom asks).
    public func isSameIgnoringRevision(as other: Version) -> Bool {
        compareIgnoringRevision(other) == 0
    }

    /// The order of PMS 3.3.
    public static func < (left: Version, right: Version) -> Bool {
        let order = left.compareIgnoringRevision(right)
        return order != 0 ? order < 0 : compareIntegers(left.revisionDigits, right.revisionDigits) < 0
    }

    /// Whether neither comes before the other.
    public static func == (left: Version, right: Version) -> Bool {
        left.compareIgnoringRevision(right) == 0 && left.revisionDigits == right.revisionDigits
    }

    /// Hashes what the order looks at.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(numbers)
        hasher.combine(letter)
        hasher.combine(suffixes)
        hasher.combine(revisionDigits)
    }

    private func compareIgnoringRevision(_ other: Version) -> Int {
        for index in 0..<min(numbers.count, other.numbers.count) {
            let order =
                index == 0
                ? compareIntegers(numbers[0], other.numbers[0]) : compareFractions(numbers[index], other.numbers[index])
            if order != 0 { return order }
        }
        if numbers.count != other.numbers.count { return numbers.count < other.numbers.count ? -1 : 1 }
        if letter != other.letter { return letter < other.letter ? -1 : 1 }
        let none = Suffix(rank: 4, digits: [])
        for index in 0..<max(suffixes.count, other.suffixes.count) {
            let left = index < suffixes.count ? suffixes[index] : none
            let right = index < other.suffixes.count ? other.suffixes[index] : none
            if left.rank != right.rank { return left.rank < right.rank ? -1 : 1 }
            let order = compareIntegers(left.digits, right.digits)
            if order != 0 { return order }
        }
        return 0
    }

    private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix(while: Characters.isDigit)
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static func takeSuffixName(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
        let names: [(String, UInt8)] = [("alpha", 0), ("beta", 1), ("pre", 2), ("rc", 3), ("p", 5)]
        for (name, rank) in names where rest.starts(with: name.utf8) {
            rest = rest.dropFirst(name.utf8.count)
            return rank
        }
        return nil
    }

    private static func withoutLeadingZeros(_ digits: ArraySlice<UInt8>) -> [UInt8] {
        Array(digits.drop { $0 == UInt8(ascii: "0") })
    }

    /// A later component: with a leading zero it is compared as a fraction, so its trailing zeros do not count.
    private static func fraction(_ digits: ArraySlice<UInt8>) -> [UInt8] {
        guard digits.first == UInt8(ascii: "0") else { return Array(digits) }
        var kept = digits
        while kept.count > 1, kept.last == UInt8(ascii: "0") { kept = kept.dropLast() }
        return Array(kept)
    }
}

/// Compares two digit strings without leading zeros as integers of any length.
private func compareIntegers(_ left: [UInt8], _ right: [UInt8]) -> Int {
    if left.count != right.count { return left.count < right.count ? -1 : 1 }
    return compareBytes(left[...], right[...])
}

private func compareFractions(_ left: [UInt8], _ right: [UInt8]) -> Int {
    let zero = UInt8(ascii: "0")
    guard left.first == zero || right.first == zero else { return compareIntegers(left, right) }
    return compareBytes(withoutTrailingZeros(left), withoutTrailingZeros(right))
}

private func withoutTrailingZeros(_ digits: [UInt8]) -> ArraySlice<UInt8> {
    var kept = digits[...]
    while kept.last == UInt8(ascii: "0") { kept = kept.dropLast() }
    return kept
}

private func compareBytes(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
    if left.lexicographicallyPrecedes(right) { return -1 }
    return right.lexicographicallyPrecedes(left) ? 1 : 0
}
