var __decorate = (this && this.__decorate) || function (decorators, target, key, desc) {
    var c = arguments.length, r = c < 3 ? target : desc === null ? desc = Object.getOwnPropertyDescriptor(target, key) : desc, d;
    if (typeof Reflect === "object" && typeof Reflect.decorate === "function") r = Reflect.decorate(decorators, target, key, desc);
    else for (var i = decorators.length - 1; i >= 0; i--) if (d = decorators[i]) r = (c < 3 ? d(r) : c > 3 ? d(target, key, r) : d(target, key)) || r;
    return c > 3 && r && Object.defineProperty(target, key, r), r;
};
var __metadata = (this && this.__metadata) || function (k, v) {
    if (typeof Reflect === "object" && typeof Reflect.metadata === "function") return Reflect.metadata(k, v);
};
var __param = (this && this.__param) || function (paramIndex, decorator) {
    return function (target, key) { decorator(target, key, paramIndex); }
};
import { Injectable, Logger } from '@nestjs/common';
import { InjectTusStorage, LocalStorage } from 'nestjs-tus';
/** Called for every upload that is complete, and for every final once its partials are merged. */
let CompletionLog = class CompletionLog {
    storage;
    logger = new Logger('Uploads');
    constructor(storage) {
        this.storage = storage;
    }
    onUploadComplete(upload) {
        // The name comes from a client: quoted, so that it cannot pretend to be another line of the log.
        const name = JSON.stringify(upload.metadata.get('filename') ?? upload.id);
        this.logger.log(`${name}: ${upload.length} bytes in ${this.storage.pathOf(upload.key)}`);
    }
};
CompletionLog = __decorate([
    Injectable(),
    __param(0, InjectTusStorage()),
    __metadata("design:paramtypes", [LocalStorage])
], CompletionLog);
export { CompletionLog };
//# sourceMappingURL=completion-log.js.map