// ThreadPool: a fixed team for data-parallel loops inside one op, with one barrier per loop.
//
// parallel_for hands out task numbers to the caller and its workers and returns when all of them
// are done; the work of a task must not depend on which thread runs it, so that results are the
// same for every team size. Workers spin for a short while between loops and then sleep. One loop
// runs at a time: the pool belongs to the thread that drives the backend. Nothing is allocated in
// parallel_for.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace gerbil::platform {

// A callable reference: two words, no ownership.
class TaskRef {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cv_t<F>, TaskRef>)
  TaskRef(F& function)  // NOLINT: implicit on purpose
      : object_(const_cast<void*>(static_cast<const void*>(&function))),
        call_([](void* object, int64_t task) { (*static_cast<F*>(object))(task); }) {}
  void operator()(int64_t task) const { call_(object_, task); }

 private:
  void* object_;
  void (*call_)(void*, int64_t);
};

class ThreadPool {
 public:
  // threads >= 1 counts the caller; 0 asks for one per processor this process may use.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  // Runs function(0) ... function(tasks - 1), in any order, on any thread of the team. A function
  // that calls parallel_for on the same pool, or throws, ends the program.
  template <class F>
  void parallel_for(int64_t tasks, F&& function) {
    run(tasks, TaskRef(function));
  }

 private:
  void run(int64_t tasks, TaskRef function);

  struct Team;
  std::unique_ptr<Team> team_;
};

}  // namespace gerbil::platform
