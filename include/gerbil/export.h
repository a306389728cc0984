/* GERBIL_API: what libgerbil exports; everything else in it is hidden. C and C++.
 *
 * Users of the shared library need nothing. Users of the static one define GERBIL_STATIC (the
 * CMake package and pkg-config --static do): it matters on Windows only. */
#pragma once

#if defined(GERBIL_STATIC)
#define GERBIL_API
#elif defined(_WIN32)
#if defined(GERBIL_BUILDING)
#define GERBIL_API __declspec(dllexport)
#else
#define GERBIL_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define GERBIL_API __attribute__((visibility("default")))
#else
#define GERBIL_API
#endif
