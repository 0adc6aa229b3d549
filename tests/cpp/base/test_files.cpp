#include "base/files.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#if defined(__unix__)
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "allocation_failures.hpp"
#include "base/check.hpp"
#include "test.hpp"

namespace chainrule {

namespace fs = std::filesystem;

namespace {

// A folder that is gone, with all that is in it, after the test.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("chainrule-test-" + std::to_string(std::random_device()()))) {
    fs::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    fs::permissions(path_, fs::perms::owner_all);
    fs::remove_all(path_);
  }
  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }
  std::size_t n_entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), {}));
  }

 private:
  fs::path path_;
};

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::string content(const fs::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST(files_come_back_as_they_were_saved) {
  const Folder folder;
  for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 300000u}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * i / 3);
    save_file(folder / "a", bytes_of(text));
    CHECK(content(folder / "a") == text);
  }
  CHECK_EQUAL(folder.n_entries(), 1u);
}

TEST(files_with_odd_names) {
  const Folder folder;
  for (const std::string& name : {std::string("two words"), std::string("grün\xe2\x82\xac"),
                                  std::string("-"), std::string("no UTF-8: \xff\xc0\x80"),
                                  std::string("\n\t\x1b\"'\\*"), std::string(255, 'n')}) {
    save_file(folder / name, bytes_of(name));
    CHECK_EQUAL(content(folder / name), name);
  }
  CHECK_THROWS(save_file(folder / std::string(256, 'n'), bytes_of("x")), "nnn");
  CHECK_THROWS(save_file(folder / std::string("a\0b", 3), bytes_of("x")), "cannot write");
  CHECK_THROWS(read_file(folder / std::string("a\0b", 3)), "cannot read");
  for (const char* name : {"", "."})
    CHECK_THROWS(save_file(name, bytes_of("x")), text("'", name, "': "));
  CHECK_THROWS(save_file(folder / std::string(5000, 'n'), bytes_of("x")), "File name too long");
  CHECK_THROWS(save_file(folder / "two words" / "a", bytes_of("x")), "Not a directory");
  CHECK_EQUAL(folder.n_entries(), 6u);
}

TEST(files_that_cannot_be_read) {
  const Folder folder;
  CHECK_THROWS(read_file(folder / "none"), "none': No such file or directory");
  CHECK_THROWS(read_file(folder.path()), "Is a directory");
  try {
    read_file(folder / "none");
  } catch (const FileError& error) {
    CHECK(error.path() == folder / "none");
    CHECK(error.code() == std::errc::no_such_file_or_directory);
  }
}

TEST(files_that_cannot_be_written) {
  const Folder folder;
  CHECK_THROWS(save_file(folder / "none" / "a", bytes_of("abc")), "cannot write 3 bytes to");
  CHECK_THROWS(save_file(folder.path(), bytes_of("abc")), "Is a directory");
  CHECK_EQUAL(folder.n_entries(), 0u);
}

TEST(files_replace_what_a_link_leads_to) {
  const Folder folder;
  fs::create_directory(folder / "models");
  fs::create_symlink("models/new", folder / "first");
  fs::create_symlink(folder / "first", folder / "second");
  for (const std::string text : {"made", "replaced"}) {
    save_file(folder / "second", bytes_of(text));
    CHECK(fs::is_symlink(folder / "first") && fs::is_symlink(folder / "second"));
    CHECK_EQUAL(content(folder / "models" / "new"), text);
  }
  fs::create_symlink("round", folder / "round");
  CHECK_THROWS(save_file(folder / "round", bytes_of("x")), "cannot follow");
}

TEST(files_without_a_folder_in_their_name) {
  const Folder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  save_file("a", bytes_of("abc"));
  CHECK_EQUAL(content("a"), "abc");
  fs::current_path(before);
}

#if defined(__unix__)

TEST(files_keep_their_permissions) {
  const Folder folder;
  save_file(folder / "a", bytes_of("old"));
  const mode_t mask = umask(0);
  umask(mask);
  CHECK(fs::status(folder / "a").permissions() == fs::perms(0666 & ~mask));
  for (const unsigned mode : {0600u, 0664u}) {
    fs::permissions(folder / "a", fs::perms(mode));
    save_file(folder / "a", bytes_of("new"));
    CHECK(fs::status(folder / "a").permissions() == fs::perms(mode));
  }
}

TEST(files_are_not_pipes_or_devices) {
  const Folder folder;
  CHECK_EQUAL(mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/full", folder / "full");
  for (const fs::path& path :
       {folder / "pipe", folder / "full", fs::path("/dev/null"), fs::path("/dev/full")}) {
    CHECK_THROWS(read_file(path), "not a regular file");
    CHECK_THROWS(save_file(path, bytes_of("x")), "not a regular file");
  }
  CHECK(fs::is_fifo(folder / "pipe") && fs::is_character_file("/dev/null"));
  CHECK(fs::is_character_file("/dev/full") && fs::is_symlink(folder / "full"));
  CHECK_EQUAL(folder.n_entries(), 2u);
}

// A limit on the size of files stands in for a full disk.
TEST(files_survive_a_failed_save) {
  const Folder folder;
  save_file(folder / "a", bytes_of("old"));
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{10000, limit.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS(save_file(folder / "a", std::vector<std::byte>(20000)),
               "cannot write 20000 bytes to");
  CHECK_THROWS(save_file(folder / "b", std::vector<std::byte>(20000)), "too large");
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  CHECK_EQUAL(content(folder / "a"), "old");
  CHECK_EQUAL(folder.n_entries(), 1u);
}

#if defined(__linux__)

// In /proc nobody may make or replace a file, not even root, whom no permission stops.
TEST(files_where_none_can_be_made) {
  const auto name = [] {
    std::ifstream file("/proc/self/comm");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = name();
  const Folder folder;
  fs::create_symlink("/proc/self/comm", folder / "link");
  for (const fs::path& path : {fs::path("/proc/self/comm"), folder / "link",
                               fs::path("/proc/self/model"), fs::path("/proc/model")})
    CHECK_THROWS(save_file(path, bytes_of("new")),
                 "cannot write 3 bytes to '" + path.string() + "': ");
  CHECK_EQUAL(name(), before);
  CHECK(fs::is_symlink(folder / "link"));
  CHECK_EQUAL(folder.n_entries(), 1u);
}

#endif

// A save that fails for want of memory leaves the old file, and nothing beside it.
TEST(files_survive_failures_of_memory) {
  const Folder folder;
  const fs::path path = folder / "a link", target = folder / "a model.safetensors";
  fs::create_symlink(target.filename(), path);
  const auto make = [&] {
    save_file(target, bytes_of("old"));
    return std::make_unique<fs::path>(path);
  };
  const auto look = [&](const fs::path& saved) {
    CHECK_EQUAL(folder.n_entries(), 2u);
    return read_file(saved);
  };
  const std::vector<std::byte> fresh = bytes_of("a new and longer content");
  test::check_failures(make, look,
                       [&](const fs::path& saved, test::Bytes&) { save_file(saved, fresh); });
  test::check_failures(make, look, [](const fs::path& saved, test::Bytes& result) {
    const std::vector<std::byte> content = read_file(saved);
    result.assign(content.begin(), content.end());
  });
}
#endif

}  // namespace chainrule
