// Where do predictions from several threads work? Workspaces that no run is using, lent one at a
// time.
#pragma once

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "base/aligned_buffer.hpp"

namespace chainrule {

template <class T>
class WorkspacePool {
 public:
  WorkspacePool() { idle_.reserve(kMostIdle); }

  // A workspace that nobody else uses until it goes out of scope.
  class Loan {
   public:
    Loan(WorkspacePool& pool, Index size) : pool_(pool), workspace_(pool.take(size)) {
      if (workspace_.size() < size) workspace_ = AlignedBuffer<T>(size);
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give_back(std::move(workspace_)); }

    T* data() const { return workspace_.data(); }

   private:
    WorkspacePool& pool_;
    AlignedBuffer<T> workspace_;
  };

 private:
  static constexpr std::size_t kMostIdle = 16;

  // The last one given back that is large enough, or else any, or else nothing.
  AlignedBuffer<T> take(Index size) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [=](const auto& workspace) {
      return workspace.size() >= size;
    });
    if (found != idle_.rend()) std::swap(*found, idle_.back());
    AlignedBuffer<T> workspace = std::move(idle_.back());
    idle_.pop_back();
    return workspace;
  }
  // Never allocates: the vector has room for all it keeps.
  void give_back(AlignedBuffer<T>&& workspace) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(workspace));
  }

  std::mutex mutex_;
  std::vector<AlignedBuffer<T>> idle_;
};

}  // namespace chainrule
