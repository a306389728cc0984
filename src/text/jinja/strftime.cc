#include "text/jinja/strftime.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>

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

std::string expand(const CivilTime& time, const std::chrono::sys_days& days,
                   std::string_view format);

std::chrono::sys_days first_day(int year) {
  return std::chrono::sys_days(std::chrono::year(year) / 1 / 1);
}

// One directive; `flag` is '-' (no padding), '_' (blanks), '0' or 0 (its own). Nothing: not known.
std::optional<std::string> directive(const CivilTime& time, const std::chrono::sys_days& days,
                                     char code, char flag) {
  const auto number = [&](int value, int width, char pad = '0') {
    return padded(value, width, flag ? flag : pad);
  };
  const int weekday = static_cast<int>(std::chrono::weekday(days).c_encoding());
  const int iso_weekday = weekday == 0 ? 7 : weekday;
  const auto day_of_year = [&](const std::chrono::sys_days& day, int year) {
    return static_cast<int>((day - first_day(year)).count());  // from 0
  };
  const auto all = [&](std::string_view format) { return expand(time, days, format); };
  // The ISO 8601 year and week: those of its Thursday.
  const std::chrono::year_month_day thursday(days + std::chrono::days(4 - iso_weekday));
  const int iso_year = static_cast<int>(thursday.year());
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
    case 'j':
      return number(day_of_year(days, time.year) + 1, 3);
    case 'U':
      return number((day_of_year(days, time.year) + 7 - weekday) / 7, 2);
    case 'W':
      return number((day_of_year(days, time.year) + 8 - iso_weekday) / 7, 2);
    case 'V':
      return number(day_of_year(std::chrono::sys_days(thursday), iso_year) / 7 + 1, 2);
    case 'G':
      return number(iso_year, 4);
    case 'g':
      return number(iso_year % 100, 2);
    case 'u':
      return number(iso_weekday, 1);
    case 'w':
      return number(weekday, 1);
    case 'B':
      return std::string(kMonths[static_cast<size_t>(time.month - 1)]);
    case 'b':
    case 'h':
      return std::string(kMonths[static_cast<size_t>(time.month - 1)].substr(0, 3));
    case 'A':
      return std::string(kDays[static_cast<size_t>(weekday)]);
    case 'a':
      return std::string(kDays[static_cast<size_t>(weekday)].substr(0, 3));
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
      return std::nullopt;
  }
}

// What is no directive stays as it is, as with the C library that Python asks.
std::string expand(const CivilTime& time, const std::chrono::sys_days& days,
                   std::string_view format) {
  std::string out;
  for (size_t at = 0; at < format.size();) {
    const size_t begin = at++;
    if (format[begin] == '%') {
      char flag = 0;
      if (at < format.size() && (format[at] == '-' || format[at] == '_' || format[at] == '0'))
        flag = format[at++] == '_' ? ' ' : format[at - 1];
      if (at < format.size()) {
        if (const auto text = directive(time, days, format[at], flag)) {
          out += *text;
          ++at;
          continue;
        }
      }
    }
    out += format.substr(begin, at - begin);
  }
  return out;
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
  return expand(time, std::chrono::sys_days(date), format);
}

}  // namespace gerbil::text::jinja
