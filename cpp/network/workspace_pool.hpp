// Where do predictions and training work? Workspaces that no run is using, lent one at a time. They
// are kept as long as the network, so that the next call finds memory that is there already.
#pragma once

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

  // The smallest that is large enough, of equal ones the last given back; or else any; or nothing.
  AlignedBuffer<T> take(Index size) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    std::size_t best = idle_.size() - 1;
    for (std::size_t i = best; i-- > 0;)
      if (idle_[i].size() >= size &&
          (idle_[best].size() < size || idle_[i].size() < idle_[best].size()))
        best = i;
    std::swap(idle_[best], idle_.back());
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
