// HttpClient against a server that does what real ones do, and worse. Waits between attempts are
// milliseconds here.
#include "hub/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "hub/http_reply.h"
#include "hub/testing/fake_hub.h"

namespace gerbil::hub {
namespace {

using testing::FakeHub;
using testing::HubReply;
using testing::HubRequest;

std::string some_bytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() : bytes_(some_bytes(400'000)) {
    hub_.add("org/name", "small.json", "{\"a\": 1}");
    hub_.add("org/name", "plain.bin", bytes_);
    hub_.add("org/name", "large.bin", bytes_, true);
    options_.first_wait_s = 0.001;
    options_.longest_wait_s = 0.002;
    options_.longest_asked_s = 0.002;
    options_.stall_s = 30;
  }

  std::string file(const std::string& name) const {
    return hub_.url() + "/org/name/resolve/main/" + name;
  }
  // One range of a file; what came of it is in got_.
  Transfer range(const std::string& name, uint64_t offset, uint64_t size) {
    Transfer transfer;
    transfer.url = file(name);
    transfer.token = "secret";
    transfer.range = {offset, size};
    transfer.total_bytes = bytes_.size();
    got_.assign(bytes_.size(), '\0');
    transfer.on_bytes = [this](uint64_t at, Bytes piece) -> Status {
      std::ranges::copy(piece, reinterpret_cast<std::byte*>(got_.data()) + at);
      return {};
    };
    return transfer;
  }
  Status run(Transfer& transfer) { return HttpClient(options_).run({&transfer, 1}); }
  std::string message_of(Transfer transfer) {
    const Status status = run(transfer);
    EXPECT_FALSE(status) << "no error";
    return status ? "" : status.error().message;
  }
  // The range is fetched, whatever the hub does meanwhile.
  void expect_fetched(const std::string& name, uint64_t offset, uint64_t size) {
    Transfer transfer = range(name, offset, size);
    const Status status = run(transfer);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(transfer.done_bytes, size);
    EXPECT_EQ(got_.substr(offset, size), bytes_.substr(offset, size));
    EXPECT_EQ(got_.substr(0, offset), std::string(offset, '\0'));
  }

  FakeHub hub_;
  HttpOptions options_;
  std::string bytes_;
  std::string got_;
};

TEST_F(HttpClientTest, FetchesAWholeFileAndSaysWhichItIs) {
  Transfer transfer;
  transfer.url = file("small.json");
  ASSERT_TRUE(run(transfer));
  EXPECT_EQ(transfer.body, "{\"a\": 1}");
  EXPECT_EQ(transfer.status, 200);
  EXPECT_EQ(transfer.found_etag(), hub_.etag("org/name", "small.json"));
  transfer.most_bytes = 7;
  EXPECT_EQ(message_of(transfer),
            file("small.json") + ": has more than 7 bytes, the limit for such a file");
}

TEST_F(HttpClientTest, AHeadStopsAtTheRedirectThatNamesTheFile) {
  Transfer transfer;
  transfer.url = file("large.bin");
  transfer.head = true;
  ASSERT_TRUE(run(transfer));
  EXPECT_EQ(transfer.found_etag(), hub_.etag("org/name", "large.bin"));
  EXPECT_EQ(transfer.found_size(), bytes_.size());
  ASSERT_EQ(hub_.requests().size(), 1u);
  transfer.url = file("plain.bin");
  ASSERT_TRUE(run(transfer));
  EXPECT_EQ(transfer.found_size(), bytes_.size());
}

TEST_F(HttpClientTest, TheTokenGoesToTheNamedHostAlone) {
  expect_fetched("large.bin", 1000, 2000);
  const auto requests = hub_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].headers.at("authorization"), "Bearer secret");
  EXPECT_TRUE(requests[1].to_storage);
  EXPECT_FALSE(requests[1].has_token());
}

TEST_F(HttpClientTest, LaterRangesGoStraightToWhereTheFirstWasRedirected) {
  HttpClient client(options_);
  for (uint64_t i = 0; i < 4; ++i) {
    Transfer transfer = range("large.bin", i * 100, 100);
    ASSERT_TRUE(client.run({&transfer, 1}));
  }
  EXPECT_EQ(hub_.requests().size(), 5u);
  // What it led to has expired: the hub is asked again.
  hub_.on_request([&](const HubRequest& request, HubReply& reply) {
    if (request.number == 5) reply.set_text(403, "expired");
  });
  Transfer transfer = range("large.bin", 500, 100);
  ASSERT_TRUE(client.run({&transfer, 1}));
  EXPECT_EQ(got_.substr(500, 100), bytes_.substr(500, 100));
  EXPECT_EQ(hub_.requests().size(), 8u);
}

TEST_F(HttpClientTest, ManyTransfersAtOnceOverFewConnections) {
  options_.connections = 3;
  std::vector<Transfer> transfers;
  std::string all(bytes_.size(), '\0');
  for (uint64_t i = 0; i < 40; ++i) {
    transfers.push_back(range(i % 2 ? "large.bin" : "plain.bin", i * 10'000, 10'000));
    transfers.back().on_bytes = [&](uint64_t at, Bytes piece) -> Status {
      std::ranges::copy(piece, reinterpret_cast<std::byte*>(all.data()) + at);
      return {};
    };
  }
  ASSERT_TRUE(HttpClient(options_).run(transfers));
  EXPECT_EQ(all, bytes_);
}

TEST_F(HttpClientTest, GoesOnWhereADroppedConnectionEnded) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.number < 6) reply.drop_after = 70'000;
  });
  expect_fetched("large.bin", 5, 390'000);
  EXPECT_EQ(hub_.requests().back().range->first, 5u + 3 * 70'000);
}

TEST_F(HttpClientTest, GivesUpWhereNothingNewComes) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage) reply.drop_after = request.number < 2 ? 100 : 0;
  });
  Transfer transfer = range("large.bin", 0, 1000);
  const Status status = run(transfer);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_TRUE(status.error().message.starts_with(file("large.bin") + ": "));
  EXPECT_EQ(transfer.done_bytes, 100u);
}

TEST_F(HttpClientTest, AStalledConnectionIsAsGoodAsLost) {
  options_.stall_s = 0.2;
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.to_storage && request.number == 1) reply.stall_after = 70'000;
  });
  expect_fetched("large.bin", 0, 390'000);
  EXPECT_EQ(hub_.requests().back().range->first, 70'000u);
}

TEST_F(HttpClientTest, WaitsAndAsksAgainWhereTheServerIsBusy) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    hub_.forget_requests();
    hub_.on_request([=](const HubRequest& request, HubReply& reply) {
      if (request.number < 3) reply.set_text(status, "later");
      if (request.number == 0) reply.headers["Retry-After"] = "1000000";
    });
    expect_fetched("plain.bin", 10, 100);
    EXPECT_EQ(hub_.requests().size(), 4u) << status;
  }
  hub_.forget_requests();
  hub_.on_request([](const HubRequest&, HubReply& reply) { reply.set_text(503, "later"); });
  EXPECT_EQ(message_of(range("plain.bin", 10, 100)),
            file("plain.bin") + ": the server answers 503");
  EXPECT_EQ(hub_.requests().size(), 6u);
}

TEST_F(HttpClientTest, WaitsAreDoubledAndObeyTheServer) {
  // A clock of its own: each look at it is sixteen seconds.
  double now = 0;
  std::vector<double> asked;
  options_.first_wait_s = 20;
  options_.longest_wait_s = 80;
  options_.longest_asked_s = 600;
  options_.stall_s = 1e9;
  options_.clock = [&] { return now += 16; };
  std::atomic<int> count = 0;
  hub_.on_request([&](const HubRequest&, HubReply& reply) {
    ++count;
    reply.set_text(503, "later");
    if (count == 3) reply.headers["Retry-After"] = "400";
    if (count == 4) reply.headers["Retry-After"] = "1000000";
  });
  options_.cancelled = [&] {
    if (static_cast<int>(asked.size()) < count) asked.push_back(now);
    return false;
  };
  message_of(range("plain.bin", 10, 100));
  ASSERT_GE(asked.size(), 5u);
  // 10 to 20, 20 to 40, 400 and 600; when a request is noticed may be a look off.
  EXPECT_GE(asked[4] - asked[0], 1000);
}

TEST_F(HttpClientTest, OtherAnswersAreErrorsAtOnce) {
  for (const int status : {400, 401, 403, 404, 410, 416}) {
    hub_.forget_requests();
    hub_.on_request([=](const HubRequest&, HubReply& reply) {
      reply.set_text(status, "no");
      reply.headers["X-Error-Message"] = "Access is restricted.";
    });
    Transfer transfer = range("plain.bin", 10, 100);
    const Status failed = run(transfer);
    ASSERT_FALSE(failed);
    EXPECT_EQ(
        failed.error().message,
        fmt::format("{}: the server answers {}: Access is restricted.", file("plain.bin"), status));
    EXPECT_EQ(failed.error().code,
              status == 404 || status == 410 ? ErrorCode::kNotFound : ErrorCode::kIo);
    EXPECT_EQ(transfer.status, status);
    EXPECT_EQ(hub_.requests().size(), 1u);
  }
}

TEST_F(HttpClientTest, RefusesAPartThatWasNotAskedFor) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.range) reply.headers["Content-Range"] = "bytes 11-110/400000";
  });
  EXPECT_EQ(message_of(range("plain.bin", 10, 100)),
            file("plain.bin") + ": bytes 10 to 109 were asked for, the server sent 11 to 110");
  EXPECT_EQ(got_, std::string(bytes_.size(), '\0')) << "nothing of it was taken";
  hub_.on_request([](const HubRequest&, HubReply& reply) {
    reply.headers["Content-Range"] = "bytes 10-120/400000";
  });
  EXPECT_TRUE(message_of(range("plain.bin", 10, 100)).ends_with("the server sent 10 to 120"));
  hub_.on_request([](const HubRequest&, HubReply& reply) {
    reply.headers["Content-Range"] = "bytes 10-109/400001";
  });
  EXPECT_TRUE(message_of(range("plain.bin", 10, 100)).contains("it has 400001 bytes, expected"));
  hub_.on_request([](const HubRequest&, HubReply& reply) { reply.headers.erase("Content-Range"); });
  EXPECT_TRUE(message_of(range("plain.bin", 10, 100)).contains("without a valid Content-Range"));
}

TEST_F(HttpClientTest, AWrongPartIsAskedForAgain) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.number < 2) reply.headers["Content-Range"] = "bytes 0-99/400000";
  });
  expect_fetched("plain.bin", 10, 100);
}

TEST_F(HttpClientTest, AShorterPartIsGoneOnWith) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (!request.range || request.number > 1) return;
    reply.size = 30;
    reply.headers["Content-Range"] =
        fmt::format("bytes {}-{}/400000", request.range->first, request.range->first + 29);
  });
  expect_fetched("plain.bin", 10, 100);
}

TEST_F(HttpClientTest, TheWholeFileForAPartServesWhereItBeginsThere) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (!request.range) return;
    reply.status = 200;
    reply.first = 0;
    reply.size = reply.body->size();
    reply.headers.erase("Content-Range");
    if (request.number == 0) reply.drop_after = 65536;
  });
  expect_fetched("plain.bin", 0, 200'000);
  Transfer transfer = range("plain.bin", 10, 100);
  const Status status = run(transfer);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(transfer.no_ranges);
}

TEST_F(HttpClientTest, AFileThatChangedMidwayIsAnError) {
  for (const std::string name : {"plain.bin", "large.bin"}) {
    hub_.forget_requests();
    hub_.on_request([](const HubRequest& request, HubReply& reply) {
      if (request.number == 1) reply.drop_after = 65536;
      if (request.number < 2) return;
      for (const char* header : {"ETag", "X-Linked-Etag"})
        if (reply.headers.contains(header)) reply.headers[header] = "\"other\"";
    });
    Transfer first = range(name, 0, 100);
    first.etag = hub_.etag("org/name", name);
    HttpClient client(options_);
    ASSERT_TRUE(client.run({&first, 1}));
    Transfer second = range(name, 100, 300'000);
    second.etag = first.etag;
    second.url += name == "large.bin" ? "?again" : "";  // no shortcut
    const Status status = client.run({&second, 1});
    ASSERT_FALSE(status) << name;
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(
        status.error().message.contains("the file has changed on the server: its ETag is "
                                        "other"))
        << status.error().message;
  }
}

TEST_F(HttpClientTest, ALyingContentLengthIsFoundOut) {
  hub_.on_request([](const HubRequest& request, HubReply& reply) {
    if (request.number == 0) reply.claimed_length = 1'000'000;
    if (request.number == 1) reply.claimed_length = 50;
    if (request.number < 2) reply.drop_after = 60;
  });
  expect_fetched("plain.bin", 10, 1000);
}

TEST_F(HttpClientTest, RedirectsEnd) {
  hub_.on_request([&](const HubRequest&, HubReply& reply) {
    reply.set_text(302, "");
    reply.headers["Location"] = "/again";
  });
  EXPECT_EQ(message_of(range("plain.bin", 0, 1)), file("plain.bin") + ": more than 8 redirects");
  EXPECT_EQ(hub_.requests().size(), 9u);
  hub_.on_request([&](const HubRequest&, HubReply& reply) { reply.set_text(302, ""); });
  EXPECT_EQ(message_of(range("plain.bin", 0, 1)), file("plain.bin") + ": a redirect to nowhere");
}

TEST_F(HttpClientTest, RedirectsToOtherSchemesAreNotFollowed) {
  for (const std::string target :
       {"file:///etc/passwd", "gopher://127.0.0.1:70/x", "ftp://127.0.0.1/x", "dict://a.b/",
        "javascript:1", "http://user:password@127.0.0.1/", "http://"}) {
    hub_.on_request([&](const HubRequest&, HubReply& reply) {
      reply.set_text(302, "");
      reply.headers["Location"] = target;
    });
    const std::string message = message_of(range("plain.bin", 0, 1));
    EXPECT_TRUE(message.starts_with(file("plain.bin") + ": a redirect that is not followed: "))
        << message;
    EXPECT_FALSE(message.contains("password@"));
  }
}

TEST_F(HttpClientTest, IsCancelled) {
  std::atomic<bool> stop = false;
  options_.cancelled = [&] { return stop.load(); };
  hub_.on_request([&](const HubRequest& request, HubReply& reply) {
    if (request.to_storage) reply.stall_after = 1000;
  });
  std::thread later([&] {
    while (hub_.body_bytes_sent() < 1000) std::this_thread::yield();
    stop = true;
  });
  Transfer transfer = range("large.bin", 0, 5000);
  const Status status = run(transfer);
  later.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

TEST_F(HttpClientTest, AnErrorOfWhoTakesTheBytesEndsIt) {
  Transfer transfer = range("plain.bin", 0, 5000);
  transfer.on_bytes = [](uint64_t, Bytes) -> Status { return invalid("the disk is full"); };
  EXPECT_EQ(message_of(transfer), "the disk is full");
  EXPECT_EQ(hub_.requests().size(), 1u);
}

TEST_F(HttpClientTest, NobodyThereIsAnError) {
  options_.attempts = 2;
  Transfer transfer;
  transfer.url = "http://127.0.0.1:1/x";
  EXPECT_TRUE(message_of(transfer).starts_with("http://127.0.0.1:1/x: "));
  transfer.url = "file:///etc/passwd";
  EXPECT_EQ(message_of(transfer), "file:///etc/passwd: expected an http or https URL");
}

TEST_F(HttpClientTest, GoesThroughAProxyThatTheOptionsName) {
  options_.http_proxy = hub_.url();
  hub_.on_request([&](const HubRequest& request, HubReply& reply) {
    reply.set_text(200, request.path);  // a proxy gets the whole URL
  });
  Transfer transfer;
  transfer.url = "http://models.example/x";
  ASSERT_TRUE(run(transfer));
  EXPECT_EQ(transfer.body, "http://models.example/x");
  // CVE-2026-5530: a public hub must not make this machine ask its own network.
  for (const std::string target : {"http://169.254.169.254/latest/meta-data", "http://10.1.2.3/x",
                                   "http://[::1]:80/x", "http://localhost/x", "http://2130706433/",
                                   "http://0x7f.1/", "http://metadata.google.internal/x"}) {
    hub_.on_request([&](const HubRequest&, HubReply& reply) {
      reply.set_text(302, "");
      reply.headers["Location"] = target;
    });
    hub_.forget_requests();
    const std::string message = message_of(transfer);
    EXPECT_TRUE(message.contains("a private address")) << target << " " << message;
    EXPECT_EQ(hub_.requests().size(), 1u) << target;
  }
}

TEST(HttpReply, TellsPublicAddressesFromOthers) {
  for (const char* host : {"127.0.0.1",
                           "10.0.0.1",
                           "172.16.3.4",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "[::1]",
                           "[::]",
                           "[fe80::1]",
                           "[fc00::1]",
                           "[fd12::1]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:10.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "[2002:7f00:1::]",
                           "[ff02::1]",
                           "[2001:db8::1]",
                           "localhost",
                           "LOCALHOST.",
                           "a.localhost",
                           "printer.local",
                           "router",
                           "metadata.google.internal"})
    EXPECT_FALSE(may_be_public_host(host)) << host;
  for (const char* host :
       {"8.8.8.8", "172.32.0.1", "172.15.0.1", "100.63.0.1", "192.169.0.1", "11.0.0.1",
        "[2606:4700::1]", "[::ffff:8.8.8.8]", "huggingface.co", "local.example"})
    EXPECT_TRUE(may_be_public_host(host)) << host;
  EXPECT_FALSE(is_public_address({}));
}

TEST(HttpReply, ReadsHeaders) {
  const auto range = parse_content_range("bytes 5-9/100");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 5u);
  EXPECT_EQ(range->last, 9u);
  EXPECT_EQ(range->total, 100u);
  for (const char* text : {"", "bytes", "bytes */100", "bytes 5-9/*", "bytes 9-5/100",
                           "bytes 5-100/100", "bytes -5-9/100", "bytes 5-9/100x", "items 5-9/100",
                           "bytes 5/100-9", "bytes 0-18446744073709551616/18446744073709551617"})
    EXPECT_FALSE(parse_content_range(text)) << text;
  EXPECT_EQ(parse_retry_after(" 7"), 7.0);
  EXPECT_FALSE(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"));
  EXPECT_EQ(plain_etag("W/\"abc\""), "abc");
  EXPECT_EQ(plain_etag("abc"), "abc");
  EXPECT_EQ(parse_header("X-Linked-ETag:  \"a:b\" \r\n")->first, "x-linked-etag");
  EXPECT_EQ(parse_header("X-Linked-ETag:  \"a:b\" \r\n")->second, "\"a:b\"");
  EXPECT_FALSE(parse_header("\r\n"));
  EXPECT_EQ(shown_url("https://u:p@host/a?signature=x#y"), "https://host/a");
}

}  // namespace
}  // namespace gerbil::hub
