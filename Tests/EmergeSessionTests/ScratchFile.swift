import Glibc
import Posix

func writeFile(_ path: String, _ text: String, adding: Bool = false) throws {
    guard adding else { return try Files.replace(path, with: Array(text.utf8)) }
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    defer { close(descriptor) }
    try Files.writeAll(descriptor, text.utf8, path: path)
}

func removeFile(_ path: String) { unlink(path) }
