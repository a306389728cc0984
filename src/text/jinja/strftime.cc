#include "text/jinja/strftime.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "base/quote.h"

namespace gerbil::text::jinja {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

std::string padded(int value, int width, char pad) {
  std::string digits = fmt::format("{}", value);
  const auto wanted = static_cast<size_t>(width);
  if (pad != '-' && digits.size() < wanted) digits.insert(0, wanted - digits.size(), pad);
  return digits;
}

// One directive; `flag` is '-' (no padding), '_' (blanks), '0' or 0 (its own).
Result<std::string> directive(const CivilTime& time, const std::chrono::sys_days& days, char code,
                              char flag) {
  const auto number = [&](int value, int width, char pad = '0') {
    return padded(value, width, flag ? flag : pad);
  };
  const auto weekday = std::chrono::weekday(days).c_encoding();
  const auto all = [&](std::string_view format) { return strftime(time, format); };
  const int hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12;
  switch (code) {
    case 'Y':
      return number(time.year, 4);
    case 'C':
      return number(time.year / 100, 2);
    case 'y':
      return number(time.year % 100, 2);
    case 'm':
      return number(time.month, 2);
    case 'd':
      return number(time.day, 2);
    case 'e':
      return number(time.day, 2, ' ');
    case 'H':
      return number(time.hour, 2);
    case 'k':
      return number(time.hour, 2, ' ');
    case 'I':
      return number(hour12, 2);
    case 'l':
      return number(hour12, 2, ' ');
    case 'M':
      return number(time.minute, 2);
    case 'S':
      return number(time.second, 2);
    case 'f':
      return number(0, 6);
    case 'j': {
      const auto new_year = std::chrono::sys_days(std::chrono::year(time.year) / 1 / 1);
      return number(static_cast<int>((days - new_year).count()) + 1, 3);
    }
    case 'u':
      return number(weekday == 0 ? 7 : static_cast<int>(weekday), 1);
    case 'w':
      return number(static_cast<int>(weekday), 1);
    case 'B':
      return std::string(kMonths[static_cast<size_t>(time.month - 1)]);
    case 'b':
    case 'h':
      return std::string(kMonths[static_cast<size_t>(time.month - 1)].substr(0, 3));
    case 'A':
      return std::string(kDays[weekday]);
    case 'a':
      return std::string(kDays[weekday].substr(0, 3));
    case 'p':
      return std::string(time.hour < 12 ? "AM" : "PM");
    case 'P':
      return std::string(time.hour < 12 ? "am" : "pm");
    case 'D':
    case 'x':
      return all("%m/%d/%y");
    case 'F':
      return all("%Y-%m-%d");
    case 'T':
    case 'X':
      return all("%H:%M:%S");
    case 'R':
      return all("%H:%M");
    case 'r':
      return all("%I:%M:%S %p");
    case 'c':
      return all("%a %b %e %H:%M:%S %Y");
    case 'Z':
    case 'z':
      return std::string();  // a time without a zone, as datetime.now() is
    case 'n':
      return std::string("\n");
    case 't':
      return std::string("\t");
    case '%':
      return std::string("%");
    default:
      return invalid("strftime does not know the directive {}", in_quotes(std::string(1, code)));
  }
}

}  // namespace

Result<std::string> strftime(const CivilTime& time, std::string_view format) {
  const std::chrono::year_month_day date(std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day)));
  if (!date.ok() || time.year < 0 || time.year > 9999 || time.hour < 0 || time.hour > 23 ||
      time.minute < 0 || time.minute > 59 || time.second < 0 || time.second > 60)
    return invalid("the date {}-{}-{} {}:{}:{} does not exist", time.year, time.month, time.day,
                   time.hour, time.minute, time.second);
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    char flag = 0;
    ++i;
    if (i < format.size() && (format[i] == '-' || format[i] == '_' || format[i] == '0')) {
      flag = format[i] == '_' ? ' ' : format[i];
      ++i;
    }
    if (i >= format.size()) return invalid("a strftime format ends in a bare %");
    GERBIL_TRY(const std::string text,
               directive(time, std::chrono::sys_days(date), format[i], flag));
    out += text;
  }
  return out;
}

}  // namespace gerbil::text::jinja
