#include "base/files.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

#include "base/check.hpp"

namespace chainrule {

namespace {

namespace fs = std::filesystem;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;
using Permissions = std::optional<fs::perms>;

// What each system does in its own way. Failure leaves its reason in errno.
#if defined(_WIN32)

using Status = struct _stat64;

File open_to_read(const fs::path& path) { return File(_wfopen(path.c_str(), L"rbN")); }
File open_new(const fs::path& path, const Permissions&) {
  return File(_wfopen(path.c_str(), L"wbxN"));
}
bool get_status(std::FILE* file, Status& status) { return _fstat64(_fileno(file), &status) == 0; }
bool flush_to_disk(std::FILE* file) { return _commit(_fileno(file)) == 0; }
bool flush_folder(const fs::path&) { return true; }

#else

using Status = struct stat;

File to_file(int descriptor, const char* mode) {
  if (descriptor < 0) return {};
  File file(fdopen(descriptor, mode));
  if (file == nullptr) close(descriptor);
  return file;
}

// Without O_NONBLOCK, opening a pipe would wait for somebody to write.
File open_to_read(const fs::path& path) {
  return to_file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "rb");
}

File open_new(const fs::path& path, const Permissions& permissions) {
  const auto mode = static_cast<mode_t>(permissions.value_or(fs::perms(0666)));
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  // open() took the umask off. Where the file system refuses to change that, it stays so.
  if (descriptor >= 0 && permissions) (void)!fchmod(descriptor, mode);
  return to_file(descriptor, "wb");
}

bool get_status(std::FILE* file, Status& status) { return fstat(fileno(file), &status) == 0; }
bool flush_to_disk(std::FILE* file) { return fsync(fileno(file)) == 0; }

// Makes a new name last. Nothing is done for a folder that may not be read, or where the file
// system has no such operation.
bool flush_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return true;
  const bool flushed = fsync(descriptor) == 0 || errno == EINVAL;
  const int reason = errno;
  close(descriptor);
  errno = reason;
  return flushed;
}

#endif

std::error_code last_error() { return {errno, std::generic_category()}; }

// A name would end at a NUL for the system, but not for whoever checked it.
void check_name(const char* action, const fs::path& path) {
  if (path.native().find(fs::path::value_type(0)) != fs::path::string_type::npos)
    throw FileError(action, path, std::make_error_code(std::errc::invalid_argument));
}

void check_regular(const char* action, const fs::path& path, bool is_regular, bool is_folder) {
  if (is_folder) throw FileError(action, path, std::make_error_code(std::errc::is_a_directory));
  if (!is_regular)
    throw FileError(text(action, ", as it is not a regular file,"), path,
                    std::make_error_code(std::errc::invalid_argument));
}

// The file that gets the bytes. Links are followed by hand, as the last one may lead nowhere yet.
fs::path resolve_links(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  fs::path target = path;
  std::error_code code;
  for (int n_links = 0; fs::is_symlink(target, code); ++n_links) {
    const fs::path link = fs::read_symlink(target, code);
    if (n_links == kMostLinks)
      code = std::make_error_code(std::errc::too_many_symbolic_link_levels);
    if (code) throw FileError("cannot follow", path, code);
    target = target.parent_path() / link;
  }
  return target;
}

// Those of the file that is replaced; none if the name is free.
Permissions permissions_of(const fs::path& target) {
  std::error_code code;
  const fs::file_status status = fs::status(target, code);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (code) throw FileError("cannot replace", target, code);
  check_regular("cannot replace", target, fs::is_regular_file(status), fs::is_directory(status));
  return status.permissions();
}

fs::path temporary_name(const fs::path& folder) {
  std::random_device random;
  std::string name = ".chainrule-";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return folder / (name + ".tmp");
}

std::error_code write_new(const fs::path& path, const Permissions& permissions,
                          std::span<const std::byte> bytes) {
  const File file = open_new(path, permissions);
  if (file == nullptr) return last_error();
  const bool written =
      (bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size()) &&
      std::fflush(file.get()) == 0 && flush_to_disk(file.get());
  return written ? std::error_code() : last_error();
}

}  // namespace

FileError::FileError(const std::string& action, const fs::path& path, std::error_code code)
    : std::system_error(code, text(action, " '", path.string(), "'")), path_(path) {}

std::vector<std::byte> read_file(const fs::path& path) {
  check_name("cannot read", path);
  const File file = open_to_read(path);
  Status status{};
  if (file == nullptr || !get_status(file.get(), status))
    throw FileError("cannot read", path, last_error());
  const auto kind = status.st_mode & S_IFMT;
  check_regular("cannot read", path, kind == S_IFREG, kind == S_IFDIR);
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size())
    throw FileError("cannot read all of", path, std::make_error_code(std::errc::io_error));
  return bytes;
}

void save_file(const fs::path& path, std::span<const std::byte> bytes) {
  check_name("cannot write", path);
  const fs::path target = resolve_links(path), parent = target.parent_path();
  const fs::path folder = parent.empty() ? "." : parent;
  const Permissions permissions = permissions_of(target);
  const fs::path temporary = temporary_name(parent);
  std::error_code code = write_new(temporary, permissions, bytes);
  if (!code) fs::rename(temporary, target, code);
  if (code) {
    std::error_code ignored;  // there is nothing to remove when it could not be made
    fs::remove(temporary, ignored);
    throw FileError(text("cannot write ", bytes.size(), " bytes to"), path, code);
  }
  if (!flush_folder(folder))
    throw FileError("written, but cannot flush the folder of", path, last_error());
}

}  // namespace chainrule
