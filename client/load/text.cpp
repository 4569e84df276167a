#include "client/load/text.h"

#include <cstring>
#include <random>

namespace rookery::load {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.0123456789";
// How many different fillers there are. More than a core's first cache would hold is not needed to tell neighbours
// apart.
constexpr std::size_t kFillers = 4096;

void put(char*& out, std::uint64_t value, int digits) noexcept {
  for (int i = digits - 1; i >= 0; --i, value >>= 4) out[i] = kDigits[value & 15];
  out += digits;
  *out++ = '.';
}

bool get(const char*& in, std::uint64_t& value, int digits) noexcept {
  value = 0;
  for (int i = 0; i < digits; ++i) {
    const char c = *in++;
    unsigned digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a') + 10;
    else
      return false;
    value = value << 4 | digit;
  }
  return *in++ == '.';
}

// Each bit of the head changes the place (the finisher of MurmurHash3), or a damaged head would not show.
std::size_t place_of(const TextHead& head) noexcept {
  std::uint64_t mixed = (head.number + (std::uint64_t{head.client} << 40)) * 0x9e3779b97f4a7c15U ^
                        static_cast<std::uint64_t>(head.moment.count());
  mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdU;
  mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53U;
  return (mixed ^ mixed >> 33) % kFillers;
}

}  // namespace

Texts::Texts(std::uint64_t seed, std::size_t bytes) : filler_bytes_(bytes - kHeadBytes), made_(bytes, ' ') {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  pool_.resize(kFillers + filler_bytes_);
  for (char& c : pool_) c = kLetters[letter(random)];
}

const char* Texts::filler(const TextHead& head) const noexcept {
  return pool_.data() + place_of(head);
}

std::string_view Texts::make(const TextHead& head) noexcept {
  char* out = made_.data();
  put(out, head.client, 5);
  put(out, head.number, 10);
  put(out, static_cast<std::uint64_t>(head.moment.count()), 12);
  std::memcpy(out, filler(head), filler_bytes_);
  return made_;
}

std::optional<TextHead> Texts::head_of(std::string_view text) noexcept {
  if (text.size() < kHeadBytes) return std::nullopt;
  const char* in = text.data();
  std::uint64_t client = 0;
  std::uint64_t number = 0;
  std::uint64_t moment = 0;
  if (!get(in, client, 5) || !get(in, number, 10) || !get(in, moment, 12)) return std::nullopt;
  return TextHead{static_cast<std::uint32_t>(client), number, Nanoseconds{static_cast<std::int64_t>(moment)}};
}

bool Texts::is_whole(std::string_view text, const TextHead& head) const noexcept {
  return text.size() == made_.size() && std::memcmp(text.data() + kHeadBytes, filler(head), filler_bytes_) == 0;
}

}  // namespace rookery::load
