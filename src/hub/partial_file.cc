#include "hub/partial_file.h"

#include <algorithm>
#include <vector>

#include "hub/content_hash.h"
#include "hub/range_journal.h"
#include "platform/file.h"
#include "platform/mapped_file.h"

namespace gerbil::hub {
namespace {

constexpr uint64_t kMostJournalBytes = 256u << 20;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// The parts that were fetched, as bytes in the address space.
class PartialSource final : public tensor::ByteSource {
 public:
  PartialSource(platform::MappedFile file, std::shared_ptr<const RangeSet> have, std::string name)
      : file_(std::move(file)), have_(std::move(have)), name_(std::move(name)) {}

  uint64_t size_bytes() const override { return file_.bytes().size(); }
  const std::string& name() const override { return name_; }

  std::optional<Bytes> view(uint64_t offset_bytes, uint64_t size_bytes) const override {
    const Bytes bytes = file_.bytes();
    if (offset_bytes > bytes.size() || size_bytes > bytes.size() - offset_bytes ||
        !have_->contains({offset_bytes, size_bytes}))
      return std::nullopt;
    return bytes.subspan(offset_bytes, size_bytes);
  }

  Status read(uint64_t offset_bytes, Span<std::byte> out) const override {
    const auto bytes = view(offset_bytes, out.size());
    if (!bytes)
      return fail(ErrorCode::kNotFound, "{}: its {} bytes from byte {} on were not fetched", name_,
                  out.size(), offset_bytes);
    std::ranges::copy(*bytes, out.begin());
    return {};
  }

  void release(uint64_t offset_bytes, uint64_t size_bytes) const override {
    file_.release(offset_bytes, size_bytes);
  }

 private:
  platform::MappedFile file_;
  std::shared_ptr<const RangeSet> have_;
  std::string name_;
};

}  // namespace

Result<std::optional<PartialFile>> PartialFile::find(const std::string& folder,
                                                     const std::string& etag) {
  PartialFile file;
  file.etag_ = etag;
  file.path_ = platform::join_path(folder, etag + ".part");
  file.journal_path_ = platform::join_path(folder, etag + ".ranges");
  if (!platform::is_file(file.journal_path_) || !platform::is_file(file.path_))
    return std::optional<PartialFile>();
  GERBIL_TRY(const std::string text,
             platform::read_text_file(file.journal_path_, kMostJournalBytes));
  const auto journal = parse_journal(text);
  if (!journal || journal->etag != etag || journal->sealed_parts == 0)
    return std::optional<PartialFile>();
  GERBIL_TRY(const platform::FileInfo info, platform::file_info(file.path_));
  if (info.size_bytes != journal->size_bytes) return std::optional<PartialFile>();
  file.size_bytes_ = journal->size_bytes;
  for (size_t i = 0; i < journal->sealed_parts; ++i) file.have_->add(journal->parts[i].range);
  return std::optional<PartialFile>(std::move(file));
}

Result<PartialFile> PartialFile::open(const std::string& folder, const std::string& etag,
                                      uint64_t size_bytes) {
  PartialFile file;
  file.etag_ = etag;
  file.size_bytes_ = size_bytes;
  file.path_ = platform::join_path(folder, etag + ".part");
  file.journal_path_ = platform::join_path(folder, etag + ".ranges");
  GERBIL_TRY(file.file_, platform::RandomFile::open(file.path_));
  GERBIL_TRY(file.journal_, platform::RandomFile::open(file.journal_path_));
  GERBIL_TRY(const uint64_t bytes_there, file.file_->size());
  GERBIL_TRY(const std::string text,
             platform::read_text_file(file.journal_path_, kMostJournalBytes));
  auto journal = parse_journal(text);
  if (!journal || journal->etag != etag || journal->size_bytes != size_bytes ||
      bytes_there != size_bytes) {
    // Nothing that can be gone on with.
    GERBIL_CHECK_OK(file.journal_->resize(0));
    GERBIL_CHECK_OK(file.file_->resize(0));
    GERBIL_CHECK_OK(file.file_->resize(size_bytes));
    const std::string start = journal_start(size_bytes, etag);
    GERBIL_CHECK_OK(file.journal_->write_at(0, bytes_of(start)));
    file.journal_bytes_ = start.size();
    return file;
  }
  file.journal_bytes_ = journal->good_bytes;
  GERBIL_CHECK_OK(file.journal_->resize(journal->good_bytes));  // off with a torn line
  std::vector<std::byte> buffer;
  for (size_t i = 0; i < journal->parts.size(); ++i) {
    const RangeJournal::Part& part = journal->parts[i];
    if (i >= journal->sealed_parts) {
      file.sealed_ = false;
      // The largest that is ever noted is some MiB; a journal that says more is not ours.
      if (part.range.size_bytes > (uint64_t{256} << 20)) continue;
      buffer.resize(part.range.size_bytes);
      GERBIL_CHECK_OK(file.file_->read_at(part.range.offset_bytes, buffer));
      if (quick_hash(buffer) != part.hash) continue;
    }
    file.have_->add(part.range);
  }
  if (!file.sealed_) {
    // What did not pass must not be sealed with the rest: the journal is written anew.
    std::string fresh = journal_start(size_bytes, etag);
    for (size_t i = 0; i < journal->parts.size(); ++i)
      if (file.have_->contains(journal->parts[i].range)) fresh += journal_line(journal->parts[i]);
    GERBIL_TRY(platform::AtomicFile anew, platform::AtomicFile::create(file.journal_path_));
    GERBIL_CHECK_OK(anew.write(bytes_of(fresh)));
    GERBIL_CHECK_OK(file.file_->flush());
    GERBIL_CHECK_OK(anew.write(bytes_of(kJournalSeal)));
    GERBIL_CHECK_OK(anew.commit());
    GERBIL_TRY(file.journal_, platform::RandomFile::open(file.journal_path_));
    file.journal_bytes_ = fresh.size() + kJournalSeal.size();
    file.sealed_ = true;
  }
  return file;
}

Status PartialFile::note(ByteRange range, uint64_t hash) {
  const std::string line = journal_line({range, hash});
  GERBIL_CHECK_OK(journal_->write_at(journal_bytes_, bytes_of(line)));
  journal_bytes_ += line.size();
  have_->add(range);
  sealed_ = false;
  return {};
}

Status PartialFile::seal() {
  if (sealed_) return {};
  GERBIL_CHECK_OK(file_->flush());
  GERBIL_CHECK_OK(journal_->write_at(journal_bytes_, bytes_of(kJournalSeal)));
  GERBIL_CHECK_OK(journal_->flush());
  journal_bytes_ += kJournalSeal.size();
  sealed_ = true;
  return {};
}

Status PartialFile::remove() {
  GERBIL_CHECK_OK(platform::remove_file(journal_path_));
  return platform::remove_file(path_);
}

Status PartialFile::publish(const std::string& blob) {
  {
    GERBIL_TRY(const platform::MappedFile all, platform::MappedFile::open(path_));
    if (!matches_etag(all.bytes(), etag_)) {
      GERBIL_CHECK_OK(remove());
      return corrupt("{}: its bytes are not those that the hub promises: SHA-256 {} was expected",
                     path_, etag_);
    }
  }
  GERBIL_CHECK_OK(file_->flush());
  GERBIL_CHECK_OK(platform::rename_file(path_, blob));
  return platform::remove_file(journal_path_);
}

Result<std::shared_ptr<const tensor::ByteSource>> PartialFile::source(
    const std::string& name) const {
  GERBIL_TRY(platform::MappedFile mapped, platform::MappedFile::open(path_));
  return std::make_shared<const PartialSource>(std::move(mapped), have_, name);
}

}  // namespace gerbil::hub
