// docs/labs/thread-pool.cpp
//
// The server's own pool: futures, order, an exception that travels, a block that waits. Its page: thread-pool.md.
#include "worker/pool/thread_pool.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "ipc/os/clock.h"
#include "worker/pool/text_statistics.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;
using worker::ThreadPool;

struct Question {
  const char* counts;
  std::size_t (*answer)(std::string_view) noexcept;
};
constexpr std::array kQuestions{
    Question{"words", worker::count_words}, Question{"characters", worker::count_characters},
    Question{"vowels", worker::count_vowels}, Question{"odd words", worker::count_odd_words}};
using AnswerArray = std::array<std::size_t, kQuestions.size()>;

AnswerArray one_after_the_other(std::string_view text) {
  AnswerArray answers{};
  for (std::size_t i = 0; i < answers.size(); ++i) answers[i] = kQuestions[i].answer(text);
  return answers;
}

AnswerArray in_parallel(ThreadPool& pool, std::string_view text) {
  std::array<std::future<std::size_t>, kQuestions.size()> futures;
  for (std::size_t i = 0; i < futures.size(); ++i) futures[i] = pool.submit(kQuestions[i].answer, text);
  AnswerArray answers{};
  for (std::size_t i = 0; i < answers.size(); ++i) answers[i] = futures[i].get();  // waits for it
  return answers;
}

template <class F>
double best_us(unsigned rounds, F work) {
  std::chrono::duration<double, std::micro> best = std::chrono::hours(1);
  for (unsigned i = 0; i < rounds; ++i) {
    const auto start = os::Monotonic::now();
    static_cast<void>(work());
    best = std::min<decltype(best)>(best, os::Monotonic::now() - start);
  }
  return best.count();
}

std::size_t slow_length(const std::string& word) {
  std::this_thread::sleep_for(milliseconds(5 * word.size()));  // the longer, the later it is ready
  return word.size();
}

std::size_t length_of_word(int number) {
  throw std::out_of_range("there is no word number " + std::to_string(number));
}

}  // namespace

int thread_pool(Options& options) {
  const std::string sentence = options.text("text", "The quick brown fox jumps over the lazy dog", "what to count");
  const unsigned copies = options.number("copies", 1, "how often the text stands there, one behind the other");
  const unsigned threads = options.number("threads", 2, "of the pool", 1, 64);
  const unsigned rounds = options.number("rounds", 20, "the best of so many counts");
  options.complete();

  std::string text = sentence;
  for (unsigned i = 1; i < copies; ++i) text += ' ' + sentence;
  ThreadPool pool(threads, 64, {.nice = 0, .name = "lab"});

  say("1. submit: four tasks, four futures");
  const AnswerArray answers = in_parallel(pool, text);
  for (std::size_t i = 0; i < answers.size(); ++i) say("   {}: {}", kQuestions[i].counts, answers[i]);
  say("   the same as one after the other: {}", answers == one_after_the_other(text));
  say("   one after the other: {:.1f} us", best_us(rounds, [&] { return one_after_the_other(text); }));
  say("   in parallel: {:.1f} us", best_us(rounds, [&] { return in_parallel(pool, text); }));

  say("2. map: results in the order of the questions, whoever is ready first");
  const std::vector<std::string> words{"hippopotamus", "elephant", "cat"};
  const std::vector<std::size_t> lengths = pool.map(words, slow_length);
  for (std::size_t i = 0; i < words.size(); ++i) say("   {}: {}", words[i], lengths[i]);

  say("3. What a task throws comes out of its future");
  try {
    ThreadPool own(threads, 64);
    static_cast<void>(own.submit(length_of_word, 10).get());
  } catch (const std::out_of_range& error) {
    say("   main has caught: {}", error.what());
  }

  say("4. The block's end waits for all that was submitted");
  std::atomic<unsigned> done = 0;
  {
    ThreadPool inner(threads, 64);
    const auto task = [&done] {
      std::this_thread::sleep_for(milliseconds(10));
      ++done;
    };
    for (int i = 0; i < 8; ++i) static_cast<void>(inner.submit(task));
    say("   leaving the block");
  }
  say("   behind it: {} of 8 tasks done", done.load());
  return 0;
}

}  // namespace rookery::labs
