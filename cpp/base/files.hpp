// How do bytes get onto the disk and back? Whole files only, and a file that is replaced is at
// every instant the old one or the new one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace chainrule {

// What went wrong with which file: "cannot read 'model.safetensors': No such file or directory".
class FileError : public std::system_error {
 public:
  FileError(const std::string& action, const std::filesystem::path& path, std::error_code code);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// All bytes of a regular file; folders, pipes and devices are refused.
std::vector<std::byte> read_file(const std::filesystem::path& path);

// Replaces the file at `path`, or what that links to, or makes a new one. The bytes go to a
// temporary file in the same folder, then to the disk, and only then take the name; on failure the
// old file is as it was. A file that is replaced passes its permissions on.
void save_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace chainrule
