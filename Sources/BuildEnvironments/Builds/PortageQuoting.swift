/// Values in the files that Portage reads with its own shell-like reader (make.conf, files of package.env).
enum PortageQuoting {
    /// `NAME="value"`, so that Portage reads exactly `value` and expands nothing in it. A newline becomes a blank,
    /// because Portage cannot be given one.
    ///
    /// Portage reads in two passes. The first takes a word apart as a shell does, and the second expands variables in
    /// what is left; that one counts quotes of its own, and takes `$` and backslash as they are between single ones.
    static func assignment(_ name: String, _ value: String) -> String {
        "\(name)=\"\(quotedForWord(quotedForExpansion(value)))\"\n"
    }

    /// Undoes the second pass in advance.
    private static func quotedForExpansion(_ value: String) -> String {
        var result = String.UnicodeScalarView()
        var inSingle = false
        var inDouble = false
        var isLiteral = false
        for raw in value.unicodeScalars {
            let scalar: Unicode.Scalar = raw == "\n" ? " " : raw
            if isLiteral, "'\"$".unicodeScalars.contains(scalar) {
                // Directly after an escaped backslash Portage takes a quote or a dollar as it is.
                result.append(scalar)
                isLiteral = false
                continue
            }
            isLiteral = false
            switch scalar {
            case "'":
                if !inDouble { inSingle.toggle() }
                result.append(scalar)
            case "\"":
                if !inSingle { inDouble.toggle() }
                result.append(scalar)
            case "\\" where !inSingle:
                result.append(contentsOf: "\\\\".unicodeScalars)
                isLiteral = true
            case "$" where !inSingle:
                result.append(contentsOf: "\\$".unicodeScalars)
            default:
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Undoes the first pass in advance.
    private static func quotedForWord(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.append("\\") }
            result.append(scalar)
        }
        return String(result)
    }
}
